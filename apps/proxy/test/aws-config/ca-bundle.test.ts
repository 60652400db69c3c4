import { X509Certificate } from "node:crypto";
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { rootCertificates } from "node:tls";
import { CertificateAuthority } from "@iap/ca-manager";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type CaBundleOptions, writeCaBundle } from "../../src/aws-config/ca-bundle.ts";

const [rootA = "", rootB = "", rootC = ""] = rootCertificates;
let dir: string;
let system: string;
let rootCertificate: string;
let options: CaBundleOptions;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "iap-bundle-"));
  system = join(dir, "system.crt");
  await writeFile(system, `# comment\n${rootA}\n${rootB}\n`);
  const ca = await CertificateAuthority.open({ dir: join(dir, "ca"), permittedDnsSuffixes: ["amazonaws.com"] });
  rootCertificate = ca.rootCertificate;
  options = { dir: join(dir, "ca"), rootCertificate, systemBundles: [join(dir, "absent"), system] };
});
afterEach(() => rm(dir, { recursive: true, force: true }));

test("the bundle is the system's roots and then ours", async () => {
  const bundle = await writeCaBundle(options);
  expect(bundle).toEqual({ path: join(dir, "ca", "ca-bundle.pem"), changed: true, sources: [system], certificates: 3 });
  expect(await fingerprints(bundle.path)).toEqual([rootA, rootB, rootCertificate].map(fingerprint));
  expect((await stat(bundle.path)).mode & 0o777).toBe(0o644);
  expect(await readdir(join(dir, "ca"))).not.toContainEqual(expect.stringContaining("tmp"));
});

test("the file is written only when it changes", async () => {
  const { path } = await writeCaBundle(options);
  const { ino } = await stat(path);
  expect((await writeCaBundle(options)).changed).toBe(false);
  expect((await stat(path)).ino).toBe(ino);
  await writeFile(system, rootC);
  expect((await writeCaBundle(options)).changed).toBe(true);
  expect(await fingerprints(path)).toEqual([rootC, rootCertificate].map(fingerprint));
});

test("bundles that the user's programs trust already are taken in, each certificate once", async () => {
  const corporate = join(dir, "corporate.pem");
  await writeFile(corporate, `${rootC}\r\n${rootA}\n`);
  const { path, sources } = await writeCaBundle({ ...options, inherited: [corporate, join(dir, "absent"), corporate] });
  expect(sources).toEqual([system, corporate]);
  expect(await fingerprints(path)).toEqual([rootA, rootB, rootC, rootCertificate].map(fingerprint));
});

test("our own bundle, inherited from an agent's environment, is not taken into itself", async () => {
  const { path } = await writeCaBundle(options);
  const ca = await CertificateAuthority.open({ dir: join(dir, "new"), permittedDnsSuffixes: ["amazonaws.com"] });
  const again = await writeCaBundle({ ...options, rootCertificate: ca.rootCertificate, inherited: [path] });
  expect(again.sources).toEqual([system]);
  expect(await fingerprints(path)).toEqual([rootA, rootB, ca.rootCertificate].map(fingerprint));
});

test("our root stands in it once, even where the system trusts it already", async () => {
  await writeFile(system, `${rootCertificate}\n${rootA}\n`);
  const { path } = await writeCaBundle(options);
  expect(await fingerprints(path)).toEqual([rootA, rootCertificate].map(fingerprint));
});

test("a system without a bundle gets Node's roots", async () => {
  await writeFile(system, "nothing\n");
  const { sources, certificates } = await writeCaBundle(options);
  expect(sources).toEqual(["node"]);
  expect(certificates).toBe(rootCertificates.length + 1);
});

test("a broken certificate is left out, and those around it stay", async () => {
  await writeFile(system, `${rootA}\n-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n${rootB}\n`);
  const { path } = await writeCaBundle(options);
  expect(await fingerprints(path)).toEqual([rootA, rootB, rootCertificate].map(fingerprint));
});

test("what this system has gives a bundle", async () => {
  const { certificates } = await writeCaBundle({ dir: join(dir, "ca"), rootCertificate });
  expect(certificates).toBeGreaterThan(10);
});

async function fingerprints(path: string): Promise<string[]> {
  const text = await readFile(path, "utf8");
  return (text.match(/-----BEGIN[^-]*-----[^-]*-----END[^-]*-----/g) ?? []).map(fingerprint);
}

function fingerprint(pem: string): string {
  return new X509Certificate(pem).fingerprint256;
}
