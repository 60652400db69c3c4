import { execFile, spawnSync } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { rootCertificates } from "node:tls";
import { promisify } from "node:util";
import { afterAll, expect, test } from "vitest";
import { trustStore } from "../../src/run/trust-store.ts";

const dir = mkdtempSync(join(tmpdir(), "iap-p12-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));
const roots = rootCertificates.slice(0, 20);
const found = (command: string, ...args: string[]): boolean => spawnSync(command, args).status === 0;
const keytool = found("keytool", "-help");
const openssl = found("openssl", "version");

test("it is a PFX of version 3 with data in it and no MAC", () => {
  const store = trustStore(roots.join("\n"));
  expect(store.subarray(0, 1).toString("hex")).toBe("30");
  expect(store.readUInt16BE(2) + 4).toBe(store.length);
  expect(store.subarray(4, 7).toString("hex")).toBe("020103");
});

test("every certificate of the bundle is in it, as it is", () => {
  const store = trustStore(roots.join("\n"));
  for (const root of roots) expect(store.includes(new X509Certificate(root).raw)).toBe(true);
});

test.skipIf(!keytool)(
  "keytool, where it is installed, lists each as a trusted certificate",
  async () => {
    const file = join(dir, "store.p12");
    writeFileSync(file, trustStore(roots.join("\n")));
    const { stdout } = await promisify(execFile)("keytool", ["-list", "-keystore", file, "-storetype", "PKCS12"], {
      env: { ...process.env, JAVA_TOOL_OPTIONS: "" },
    });
    expect(stdout.match(/trustedCertEntry/g)).toHaveLength(roots.length);
  },
  60_000,
);

test.skipIf(!openssl)("OpenSSL, where it is installed, parses it", () => {
  const file = join(dir, "openssl.p12");
  writeFileSync(file, trustStore(roots.join("\n")));
  const { status, stderr } = spawnSync("openssl", ["asn1parse", "-inform", "DER", "-in", file]);
  expect(stderr.toString()).toBe("");
  expect(status).toBe(0);
});
