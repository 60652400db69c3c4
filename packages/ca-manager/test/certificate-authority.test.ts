import { execFile } from "node:child_process";
import { createPrivateKey, generateKeyPairSync, randomBytes, webcrypto, X509Certificate } from "node:crypto";
import { once } from "node:events";
import { chmod, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { connect, TLSSocket } from "node:tls";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { ecdsaP256, pem } from "../src/authority-certificates.ts";
import { CertificateAuthority, CertificateAuthorityError, type CertificateAuthorityOptions } from "../src/index.ts";
import { nameConstraints, nameConstraintsOid } from "../src/name-constraints.ts";
import { x509 } from "../src/x509.ts";

const suffixes = ["amazonaws.com", "api.aws", "on.aws"];
const day = 24 * 60 * 60_000;
let parent: string;
let dir: string;
let options: CertificateAuthorityOptions;

beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), "iap-ca-"));
  dir = join(parent, "proxy dir");
  options = { dir, permittedDnsSuffixes: suffixes };
});
afterEach(() => rm(parent, { recursive: true, force: true }));

describe("an authority on disk", () => {
  test("is made on the first open and loaded after", async () => {
    const first = await CertificateAuthority.open(options);
    const second = await CertificateAuthority.open(options);
    expect(second.describe()).toEqual(first.describe());
    expect((await readdir(dir)).sort()).toEqual(["ca-intermediate.pem", "ca.key", "ca.pem"]);
  });

  test("has a private directory, a private key and public certificates", async () => {
    await CertificateAuthority.open(options);
    const modes = await Promise.all(["", "ca.key", "ca.pem", "ca-intermediate.pem"].map(mode));
    expect(modes).toEqual([0o700, 0o600, 0o644, 0o644]);
  });

  test("keeps the intermediate's key, and the root's nowhere", async () => {
    await CertificateAuthority.open(options);
    const key = createPrivateKey(await readFile(join(dir, "ca.key")));
    const [root, intermediate] = await Promise.all(
      ["ca.pem", "ca-intermediate.pem"].map(async (file) => new X509Certificate(await readFile(join(dir, file)))),
    );
    expect(intermediate?.checkPrivateKey(key)).toBe(true);
    expect(root?.checkPrivateKey(key)).toBe(false);
    expect(root === undefined ? false : intermediate?.verify(root.publicKey)).toBe(true);
    expect((await readdir(dir)).sort()).toEqual(["ca-intermediate.pem", "ca.key", "ca.pem"]);
  });

  test("describes itself by the root's path, fingerprint and validity", async () => {
    const now = new Date("2026-02-03T04:05:06Z");
    const ca = await CertificateAuthority.open({ ...options, years: 2, now: () => now });
    const root = new X509Certificate(await readFile(join(dir, "ca.pem")));
    expect(ca.describe()).toEqual({
      path: join(dir, "ca.pem"),
      fingerprintSha256: root.fingerprint256,
      notBefore: new Date("2026-02-02T04:05:06Z"),
      notAfter: new Date("2028-02-03T04:05:06Z"),
      suffixes: ["amazonaws.com", "api.aws", "on.aws"],
    });
    expect(ca.rootCertificate).toBe(await readFile(join(dir, "ca.pem"), "utf8"));
  });

  test("is accepted whatever the order and case of the suffixes", async () => {
    const first = await CertificateAuthority.open(options);
    const again = { ...options, permittedDnsSuffixes: ["ON.aws", "amazonaws.com", "api.aws", "api.aws"] };
    expect((await CertificateAuthority.open(again)).describe()).toEqual(first.describe());
  });

  test("is not made a second time", async () => {
    const first = await CertificateAuthority.create(options);
    await expect(CertificateAuthority.create(options)).rejects.toMatchObject({ code: "exists" });
    expect((await CertificateAuthority.load(options)).describe()).toEqual(first.describe());
  });

  test("is an error when it is not there and not to be made", async () => {
    await expect(CertificateAuthority.load(options)).rejects.toMatchObject({ code: "missing" });
    await expect(stat(dir)).rejects.toMatchObject({ code: "ENOENT" });
  });

  test("is one and the same for processes that start at once", async () => {
    const all = await Promise.all(Array.from({ length: 6 }, () => CertificateAuthority.open(options)));
    expect(new Set(all.map((ca) => ca.describe().fingerprintSha256)).size).toBe(1);
    await CertificateAuthority.open(options);
    expect((await readdir(dir)).sort()).toEqual(["ca-intermediate.pem", "ca.key", "ca.pem"]);
  });

  test("is made by one of those that create it at once, and the others are told", async () => {
    const all = await Promise.allSettled(Array.from({ length: 4 }, () => CertificateAuthority.create(options)));
    expect(all.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    for (const result of all) if (result.status === "rejected") expect(result.reason).toMatchObject({ code: "exists" });
  });

  test("is never broken and never replaced by a process killed at any moment", async () => {
    const script = `import { CertificateAuthority } from ${JSON.stringify(new URL("../dist/index.js", import.meta.url).href)};
      process.stdout.write("ready");
      await CertificateAuthority.open(${JSON.stringify(options)});
      process.stdout.write("done");
      setInterval(() => {}, 1000);`;
    let fingerprint: string | undefined;
    for (let delay = 0; delay <= 60; delay += 10) {
      const child = execFile(process.execPath, ["--input-type=module", "-e", script]);
      await new Promise((ready) => child.stdout?.once("data", ready));
      await sleep(delay);
      const root = await readFile(join(dir, "ca.pem"), "utf8").catch(() => undefined);
      child.kill("SIGKILL");
      await new Promise((exit) => child.once("exit", exit));
      if (root !== undefined) fingerprint ??= new X509Certificate(root).fingerprint256;
    }
    const ca = await CertificateAuthority.open(options);
    if (fingerprint !== undefined) expect(ca.describe().fingerprintSha256).toBe(fingerprint);
    expect((await readdir(dir)).sort()).toEqual(["ca-intermediate.pem", "ca.key", "ca.pem"]);
  });

  test.each([0, 1, 2, 3])("whose writing was interrupted after %i of its names is completed", async (linked) => {
    const whole = await CertificateAuthority.open(options);
    // What is on disk between the commit and the last name: the whole set aside, and some of the names.
    const commit = join(dir, ".ca-commit");
    await mkdir(commit);
    for (const name of ["ca.key", "ca-intermediate.pem", "ca.pem"]) {
      await writeFile(join(commit, name), await readFile(join(dir, name)), { mode: name === "ca.key" ? 0o600 : 0o644 });
    }
    for (const name of ["ca.key", "ca-intermediate.pem", "ca.pem"].slice(linked)) await rm(join(dir, name));
    expect((await CertificateAuthority.open(options)).describe()).toEqual(whole.describe());
    expect((await readdir(dir)).sort()).toEqual(["ca-intermediate.pem", "ca.key", "ca.pem"]);
  });

  test("that was never committed is forgotten", async () => {
    await mkdir(join(dir, ".ca-new-0123456789abcdef"), { recursive: true, mode: 0o700 });
    await writeFile(join(dir, ".ca-new-0123456789abcdef", "ca.key"), "half");
    await CertificateAuthority.open(options);
    await CertificateAuthority.open(options);
    expect((await readdir(dir)).sort()).toEqual(["ca-intermediate.pem", "ca.key", "ca.pem"]);
  });
});

describe("an authority that cannot be used is an error with the fix, and stays as it is", () => {
  test.each(["ca.pem", "ca-intermediate.pem", "ca.key"])("when %s is missing", async (name) => {
    await CertificateAuthority.open(options);
    await rm(join(dir, name));
    const error = await failure(CertificateAuthority.open(options));
    expect(error).toMatchObject({ code: "missing", path: join(dir, name) });
    expect(error.message).toContain(`rm -f '${join(dir, "ca.pem")}' '${join(dir, "ca-intermediate.pem")}'`);
    expect(await readdir(dir)).toHaveLength(2);
  });

  test("when the key can be read by others", async () => {
    await CertificateAuthority.open(options);
    await chmod(join(dir, "ca.key"), 0o640);
    const error = await failure(CertificateAuthority.open(options));
    expect(error.code).toBe("insecurePermissions");
    expect(error.message).toContain(`chmod 600 '${join(dir, "ca.key")}'`);
  });

  test("when the directory is open to others", async () => {
    await CertificateAuthority.open(options);
    await chmod(dir, 0o755);
    const error = await failure(CertificateAuthority.open(options));
    expect(error.code).toBe("insecurePermissions");
    expect(error.message).toContain(`chmod 700 '${dir}'`);
  });

  test("when the directory is another user's", async () => {
    await CertificateAuthority.open(options);
    const { uid } = await stat(dir);
    const somebody = vi.spyOn(process, "geteuid").mockReturnValue(uid + 1);
    const error = await failure(CertificateAuthority.open(options));
    somebody.mockRestore();
    expect(error.code).toBe("insecurePermissions");
    expect(error.message).toMatch(/belongs to another user.*sudo chown "\$\(id -u\)"/);
  });

  test("when nothing was there and the directory is open to others", async () => {
    await mkdir(dir, { mode: 0o755 });
    await chmod(dir, 0o755);
    expect((await failure(CertificateAuthority.open(options))).code).toBe("insecurePermissions");
    expect(await readdir(dir)).toEqual([]);
  });

  test.each(["ca.pem", "ca-intermediate.pem", "ca.key"])("when %s holds something else", async (name) => {
    await CertificateAuthority.open(options);
    await writeFile(join(dir, name), "not PEM");
    expect(await failure(CertificateAuthority.open(options))).toMatchObject({
      code: "malformed",
      path: join(dir, name),
    });
  });

  test("when ca.pem holds further certificates", async () => {
    await CertificateAuthority.open(options);
    const [root, intermediate] = await Promise.all(["ca.pem", "ca-intermediate.pem"].map(read));
    await writeFile(join(dir, "ca.pem"), `${root}${intermediate}`);
    expect((await failure(CertificateAuthority.open(options))).code).toBe("malformed");
  });

  test("when ca.pem is no root", async () => {
    await CertificateAuthority.open(options);
    await writeFile(join(dir, "ca.pem"), await read("ca-intermediate.pem"));
    expect((await failure(CertificateAuthority.open(options))).code).toBe("malformed");
  });

  test("when a file is a directory", async () => {
    await CertificateAuthority.open(options);
    await rm(join(dir, "ca.pem"));
    await mkdir(join(dir, "ca.pem"));
    expect((await failure(CertificateAuthority.open(options))).code).toBe("unreadable");
  });

  test.each([
    ["ca.key", "keyMismatch"],
    ["ca.pem", "notSignedByRoot"],
    ["ca-intermediate.pem", "notSignedByRoot"],
  ])("when %s is of another authority", async (name, code) => {
    const other = join(parent, "other");
    await CertificateAuthority.open(options);
    await CertificateAuthority.open({ ...options, dir: other });
    await rename(join(other, name), join(dir, name));
    expect((await failure(CertificateAuthority.open(options))).code).toBe(code);
  });

  test("when ca.key is of another kind", async () => {
    await CertificateAuthority.open(options);
    const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-384" });
    await writeFile(join(dir, "ca.key"), privateKey.export({ type: "pkcs8", format: "pem" }));
    const error = await failure(CertificateAuthority.open(options));
    expect(error).toMatchObject({ code: "malformed", message: expect.stringContaining("not a P-256 key") });
  });

  test.each([
    ["without constraints", undefined, undefined],
    ["with constraints that clients may pass over", false, nameConstraints(suffixes)],
    ["with constraints of another form", true, Buffer.from("3000", "hex")],
  ])("when its intermediate is one %s", async (_, critical, value) => {
    await CertificateAuthority.open(options);
    const lib = x509();
    const { subtle } = webcrypto;
    const rootKeys = await subtle.generateKey(ecdsaP256, true, ["sign", "verify"]);
    const keys = await subtle.generateKey(ecdsaP256, true, ["sign", "verify"]);
    const common = {
      notBefore: new Date(Date.now() - day),
      notAfter: new Date(Date.now() + day),
      signingAlgorithm: ecdsaP256,
    };
    const authority = new lib.BasicConstraintsExtension(true, 1, true);
    const name = "CN=root";
    const root = await lib.X509CertificateGenerator.createSelfSigned({
      ...common,
      ...{ serialNumber: "01", name, keys: rootKeys, extensions: [authority] },
    });
    const intermediate = await lib.X509CertificateGenerator.create({
      ...common,
      ...{ serialNumber: "02", subject: "CN=intermediate", issuer: name },
      ...{ publicKey: keys.publicKey, signingKey: rootKeys.privateKey },
      extensions: [authority, ...(value === undefined ? [] : [new lib.Extension(nameConstraintsOid, critical, value)])],
    });
    await writeFile(join(dir, "ca.pem"), pem("CERTIFICATE", root.rawData));
    await writeFile(join(dir, "ca-intermediate.pem"), pem("CERTIFICATE", intermediate.rawData));
    await writeFile(join(dir, "ca.key"), pem("PRIVATE KEY", await subtle.exportKey("pkcs8", keys.privateKey)));
    const error = await failure(CertificateAuthority.open(options));
    expect(error.code).toBe("wrongConstraints");
    expect(error.message).toContain("does not carry the name constraints of this program");
  });

  test("when it has expired, or is not valid yet", async () => {
    const made = new Date("2026-01-01T00:00:00Z");
    const at = (now: string): CertificateAuthorityOptions => ({ ...options, now: () => new Date(now) });
    await CertificateAuthority.open({ ...options, years: 1, now: () => made });
    await CertificateAuthority.open(at("2026-12-31T23:59:59Z"));
    const expired = await failure(CertificateAuthority.open(at("2027-01-01T00:00:00Z")));
    expect(expired).toMatchObject({ code: "expired", path: join(dir, "ca.pem") });
    expect(expired.message).toContain("rm '");
    const early = await failure(CertificateAuthority.open(at("2025-12-30T23:59:59Z")));
    expect(early.code).toBe("notYetValid");
    expect(early.message).toContain("Set the clock");
  });

  test("when the list of suffixes grew or shrank", async () => {
    await CertificateAuthority.open(options);
    const open = (permittedDnsSuffixes: string[]): Promise<CertificateAuthorityError> =>
      failure(CertificateAuthority.open({ ...options, permittedDnsSuffixes }));
    const grown = await open([...suffixes, "amazonaws.eu"]);
    expect(grown.code).toBe("wrongConstraints");
    expect(grown.message).toContain("may not sign for amazonaws.eu");
    expect((await open(["amazonaws.com"])).message).toContain("may also sign for api.aws");
  });

  test.each([
    { permittedDnsSuffixes: [] },
    { permittedDnsSuffixes: [".amazonaws.com"] },
    { permittedDnsSuffixes: ["*.amazonaws.com"] },
    { permittedDnsSuffixes: suffixes, years: 0 },
    { permittedDnsSuffixes: suffixes, years: 1.5 },
    { permittedDnsSuffixes: suffixes, years: 21 },
  ])("when the options %j make no sense", async (wrong) => {
    expect((await failure(CertificateAuthority.open({ ...options, ...wrong }))).code).toBe("invalidOptions");
    await expect(stat(dir)).rejects.toMatchObject({ code: "ENOENT" });
  });
});

describe("leaf certificates", () => {
  test("are for their host alone, for seven days, for servers, and signed by the intermediate", async () => {
    const now = new Date("2026-06-01T12:00:00Z");
    const ca = await CertificateAuthority.open({ ...options, now: () => now });
    const { cert, notAfter } = await ca.leaf("bucket.s3.amazonaws.com");
    const [leaf, intermediate, none] = chain(cert);
    expect(none).toBeUndefined();
    expect(leaf?.subjectAltName).toBe("DNS:bucket.s3.amazonaws.com");
    expect(leaf?.ca).toBe(false);
    expect(leaf?.keyUsage).toEqual(["1.3.6.1.5.5.7.3.1"]);
    expect(new Date(leaf?.validFrom ?? "")).toEqual(new Date("2026-05-31T12:00:00Z"));
    expect(new Date(leaf?.validTo ?? "")).toEqual(new Date("2026-06-08T12:00:00Z"));
    expect(notAfter).toEqual(new Date("2026-06-08T12:00:00Z"));
    expect(leaf?.serialNumber).toMatch(/^[4-7][0-9A-F]{31}$/);
    expect(intermediate?.raw).toEqual(new X509Certificate(await read("ca-intermediate.pem")).raw);
    expect(leaf?.verify(intermediate?.publicKey as never)).toBe(true);
  });

  test("share one key, and have serial numbers of their own", async () => {
    const ca = await CertificateAuthority.open(options);
    const [a, b] = [await ca.leaf("a.amazonaws.com"), await ca.leaf("b.amazonaws.com")];
    expect(a.key).toBe(b.key);
    expect(chain(a.cert)[0]?.serialNumber).not.toBe(chain(b.cert)[0]?.serialNumber);
    expect(chain(a.cert)[0]?.checkPrivateKey(createPrivateKey(a.key))).toBe(true);
  });

  test("are made once, even when asked for many times at once", async () => {
    const ca = await CertificateAuthority.open(options);
    const hosts = ["sts.amazonaws.com", "STS.amazonaws.com", "sts.amazonaws.com"];
    const leaves = await Promise.all(hosts.map((host) => ca.leaf(host)));
    expect(new Set(leaves).size).toBe(1);
    const contexts = await Promise.all(hosts.map((host) => ca.secureContext(host)));
    expect(new Set(contexts).size).toBe(1);
  });

  test.each([
    ["the same ticket keys resume each other's sessions", true],
    ["none given do not", false],
  ])("two processes with %s", async (_what, given) => {
    const ticketKeys = given ? randomBytes(48) : undefined;
    await CertificateAuthority.open(options);
    const reused: boolean[] = [];
    let session: Buffer | undefined;
    for (let i = 0; i < 2; i++) {
      const ca = await CertificateAuthority.load({ ...options, ticketKeys });
      const secureContext = await ca.secureContext("sts.amazonaws.com");
      const server = createServer((raw) => {
        const secure = new TLSSocket(raw, { isServer: true, secureContext });
        secure.on("error", () => {});
        secure.on("secure", () => secure.end("hello"));
      }).listen(0, "127.0.0.1");
      await once(server, "listening");
      const { port } = server.address() as AddressInfo;
      const client = connect({
        port,
        host: "127.0.0.1",
        servername: "sts.amazonaws.com",
        ca: ca.rootCertificate,
        session,
      });
      client.on("session", (ticket: Buffer) => {
        session = ticket;
      });
      client.once("secureConnect", () => reused.push(client.isSessionReused()));
      client.resume();
      await once(client, "close");
      server.close();
    }
    expect(reused).toEqual([false, given]);
  });

  test("are kept for the hosts used last", async () => {
    const ca = await CertificateAuthority.open({ ...options, maxLeaves: 2 });
    const a = await ca.leaf("a.amazonaws.com");
    const b = await ca.leaf("b.amazonaws.com");
    expect(await ca.leaf("a.amazonaws.com")).toBe(a);
    await ca.leaf("c.amazonaws.com");
    expect(await ca.leaf("a.amazonaws.com")).toBe(a);
    expect(await ca.leaf("b.amazonaws.com")).not.toBe(b);
  });

  test("are made again when less than a day is left", async () => {
    let now = new Date("2026-06-01T12:00:00Z");
    const ca = await CertificateAuthority.open({ ...options, now: () => now });
    const first = await ca.leaf("sts.amazonaws.com");
    now = new Date(now.getTime() + 6 * day - 1000);
    expect(await ca.leaf("sts.amazonaws.com")).toBe(first);
    now = new Date(now.getTime() + 1000);
    const second = await ca.leaf("sts.amazonaws.com");
    expect(second).not.toBe(first);
    expect(second.notAfter).toEqual(new Date("2026-06-14T12:00:00Z"));
    expect(await ca.leaf("sts.amazonaws.com")).toBe(second);
  });

  test("are made again when the clock, set right, says that they are not valid yet", async () => {
    let now = new Date("2026-06-11T12:00:00Z");
    const ca = await CertificateAuthority.open({ ...options, now: () => now });
    const early = await ca.leaf("sts.amazonaws.com");
    now = new Date("2026-06-10T12:00:00Z");
    expect(await ca.leaf("sts.amazonaws.com")).toBe(early);
    now = new Date("2026-06-10T11:59:59Z");
    const right = await ca.leaf("sts.amazonaws.com");
    expect(right).not.toBe(early);
    expect(right.notAfter).toEqual(new Date("2026-06-17T11:59:59Z"));
  });

  test("end with the authority, and none is made after its end", async () => {
    let now = new Date("2026-06-01T12:00:00Z");
    const ca = await CertificateAuthority.open({ ...options, years: 1, now: () => now });
    now = new Date("2027-06-01T06:00:00Z");
    const last = await ca.leaf("sts.amazonaws.com");
    expect(last.notAfter).toEqual(new Date("2027-06-01T12:00:00Z"));
    expect(await ca.leaf("sts.amazonaws.com")).toBe(last);
    now = new Date("2027-06-01T12:00:00Z");
    expect((await failure(ca.leaf("sts.amazonaws.com"))).code).toBe("expired");
  });

  test("are made for names of 64 characters, of more, and of 253", async () => {
    const ca = await CertificateAuthority.open(options);
    const long = (length: number): string => {
      const room = length - ".amazonaws.com".length;
      const label = "a".repeat(63);
      return `${`${label}.${label}.${label}.${label}`.slice(-room).replace(/^\./, "b")}.amazonaws.com`;
    };
    for (const length of [64, 65, 253]) {
      const host = long(length);
      expect(host).toHaveLength(length);
      const [leaf] = chain((await ca.leaf(host)).cert);
      expect(leaf?.subjectAltName).toBe(`DNS:${host}`);
      expect(leaf?.subject).toBe(length <= 64 ? `CN=${host}` : "CN=iam-agent-proxy");
    }
    expect((await failure(ca.leaf(long(254)))).code).toBe("invalidHost");
  });

  test.each([
    "127.0.0.1",
    "::1",
    "[::1]",
    "0x7f.1",
    "*.amazonaws.com",
    "a..amazonaws.com",
    "amazonaws.com.",
    "",
    "a b.on.aws",
  ])("are refused for %j", async (host) => {
    const ca = await CertificateAuthority.open(options);
    expect(["invalidHost", "hostNotPermitted"]).toContain((await failure(ca.leaf(host))).code);
    expect((await failure(ca.secureContext(host))).code).toMatch(/^(invalidHost|hostNotPermitted)$/);
  });

  test("are never made for a host that is not below one of the suffixes", async () => {
    const ca = await CertificateAuthority.open(options);
    const host = fc.oneof(
      fc.domain(),
      fc.string(),
      fc.constantFrom("evil-amazonaws.com", "amazonaws.com.evil.com", "amazonaws.co", "com", "xon.aws", "aws"),
    );
    await fc.assert(
      fc.asyncProperty(host, async (name) => {
        const error = await failure(ca.leaf(name));
        expect(["invalidHost", "hostNotPermitted"]).toContain(error.code);
      }),
      { numRuns: 300 },
    );
  });
});

const read = (name: string): Promise<string> => readFile(join(dir, name), "utf8");
const mode = async (name: string): Promise<number> => (await stat(join(dir, name))).mode & 0o777;

async function failure(promise: Promise<unknown>): Promise<CertificateAuthorityError> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(CertificateAuthorityError);
  return error as CertificateAuthorityError;
}

function chain(pem: string): X509Certificate[] {
  return pem
    .split(/(?<=-----END CERTIFICATE-----\n)/)
    .filter((block) => block !== "")
    .map((block) => new X509Certificate(block));
}
