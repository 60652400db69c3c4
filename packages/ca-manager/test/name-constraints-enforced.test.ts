import { execFile, execFileSync } from "node:child_process";
import { randomBytes, webcrypto } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect, createServer, type Server } from "node:tls";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ecdsaP256, pem } from "../src/authority-certificates.ts";
import { CertificateAuthority } from "../src/index.ts";
import { x509 } from "../src/x509.ts";

/**
 * What who stole `ca.key` could sign, shown to real clients that trust `ca.pem`: they take what the authority is for,
 * and nothing else. Clients that are not installed are skipped.
 */
interface Case {
  readonly name: string;
  /** The name the client asks for. */
  readonly host: string;
  readonly expected: "accepted" | "rejected";
  /** A certificate of the thief's; without, the authority's own leaf for the host. */
  readonly forged?: { readonly dns?: string[]; readonly ip?: string[]; readonly cn: string };
}

const cases: readonly Case[] = [
  { name: "a host below a suffix", host: "bucket.s3.amazonaws.com", expected: "accepted" },
  { name: "the suffix itself", host: "api.aws", expected: "accepted" },
  {
    name: "a host with a name too long for a common name",
    host: `${"b".repeat(63)}.s3.amazonaws.com`,
    expected: "accepted",
  },
  {
    name: "a host outside the suffixes",
    host: "evil.com",
    expected: "rejected",
    forged: { dns: ["evil.com"], cn: "evil.com" },
  },
  {
    name: "a host that only ends in the letters of a suffix",
    host: "evil-amazonaws.com",
    expected: "rejected",
    forged: { dns: ["evil-amazonaws.com"], cn: "evil-amazonaws.com" },
  },
  {
    name: "a host outside the suffixes, beside one below",
    host: "sts.amazonaws.com",
    expected: "rejected",
    forged: { dns: ["sts.amazonaws.com", "evil.com"], cn: "sts.amazonaws.com" },
  },
  { name: "a host in the common name only", host: "evil.com", expected: "rejected", forged: { cn: "evil.com" } },
  {
    name: "an IP address beside a host below a suffix",
    host: "sts.amazonaws.com",
    expected: "rejected",
    forged: { dns: ["sts.amazonaws.com"], ip: ["127.0.0.1"], cn: "sts.amazonaws.com" },
  },
  { name: "an IP address", host: "127.0.0.1", expected: "rejected", forged: { ip: ["127.0.0.1"], cn: "x" } },
];

let dir: string;
let root: string;
const servers: { readonly server: Server; readonly chain: string; readonly leaf: string; readonly port: number }[] = [];

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "iap-constraints-"));
  const options = { dir: join(dir, "ca"), permittedDnsSuffixes: ["amazonaws.com", "api.aws"] };
  const ca = await CertificateAuthority.open(options);
  root = ca.path;
  for (const [index, { host, forged }] of cases.entries()) {
    const { key, cert } = forged === undefined ? await ca.leaf(host) : await forge(options.dir, forged);
    const server = createServer({ key, cert }, (socket) => socket.end("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"));
    server.on("tlsClientError", () => {});
    server.on("connection", (socket) => socket.on("error", () => {}));
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    const leaf = join(dir, `leaf-${index}.pem`);
    await writeFile(leaf, cert.slice(0, cert.indexOf("-----END CERTIFICATE-----") + 26));
    servers.push({ server, chain: cert, leaf, port: (server.address() as AddressInfo).port });
  }
});
afterAll(async () => {
  for (const { server } of servers) server.close();
  await rm(dir, { recursive: true, force: true });
});

describe("Node", () => {
  test.each(cases.map((c, index) => ({ ...c, index })))("$expected: $name", async ({ host, expected, index }) => {
    const ca = await readFile(root);
    const outcome = await new Promise<string>((done) => {
      const servername = host === "127.0.0.1" ? "" : host;
      const socket = connect({ port: port(index), host: "127.0.0.1", servername, ca }, () => {
        socket.destroy();
        done("accepted");
      });
      socket.once("error", (error) => done(`rejected: ${error.message}`));
    });
    expect(outcome).toMatch(reason(expected));
  });
});

describe.skipIf(!available("openssl", "version"))("openssl (where it is installed)", () => {
  test.each(cases.map((c, index) => ({ ...c, index })))("$expected: $name", async ({ host, expected, index }) => {
    const intermediate = join(dir, "ca", "ca-intermediate.pem");
    const name = host === "127.0.0.1" ? ["-verify_ip", host] : ["-verify_hostname", host];
    const { status, output } = await run("openssl", [
      ...["verify", "-x509_strict", "-purpose", "sslserver", "-CAfile", root, "-untrusted", intermediate],
      ...[...name, servers[index]?.leaf ?? ""],
    ]);
    expect(`${status === 0 ? "accepted" : "rejected"}: ${output}`).toMatch(reason(expected));
  });
});

describe.skipIf(!available("curl", "--version"))("curl (where it is installed)", () => {
  test.each(cases.map((c, index) => ({ ...c, index })))("$expected: $name", async ({ host, expected, index }) => {
    const at = port(index);
    const { status, output } = await run("curl", [
      ...["-sS", "--noproxy", "*", "--max-time", "10", "--cacert", root],
      ...["--resolve", `${host}:${at}:127.0.0.1`, `https://${host}:${at}/`],
    ]);
    // 60: the peer's certificate cannot be authenticated.
    const rejected = status === 60 && (!output.includes("OpenSSL") || reason("rejected").test(`rejected: ${output}`));
    expect(status === 0 ? "accepted" : rejected ? "rejected" : `${status} ${output}`).toBe(expected);
  });
});

describe.skipIf(!available("python3", "-c", "import ssl"))("Python (where it is installed)", () => {
  test.each(cases.map((c, index) => ({ ...c, index })))("$expected: $name", async ({ host, expected, index }) => {
    const script = [
      "import socket, ssl, sys",
      "context = ssl.create_default_context(cafile=sys.argv[1])",
      // On by default from Python 3.13.
      "context.verify_flags |= ssl.VERIFY_X509_STRICT",
      "try:",
      "    with socket.create_connection(('127.0.0.1', int(sys.argv[3])), 10) as tcp:",
      "        context.wrap_socket(tcp, server_hostname=sys.argv[2]).close()",
      "    print('accepted')",
      "except ssl.SSLCertVerificationError as error:",
      "    print('rejected:', error)",
    ].join("\n");
    const { output } = await run("python3", ["-c", script, root, host, String(port(index))]);
    expect(output).toMatch(reason(expected));
  });
});

describe.skipIf(!available("java", "-version") || !available("keytool", "-help"))(
  "Java (where it is installed)",
  () => {
    test("every case, with the root from keytool's store", { timeout: 60_000 }, async () => {
      const store = join(dir, "trust.p12");
      const imported = await run("keytool", [
        ...["-importcert", "-noprompt", "-alias", "proxy", "-file", root, "-keystore", store],
        ...["-storetype", "PKCS12", "-storepass", "changeit"],
      ]);
      expect(imported.status, imported.output).toBe(0);
      const source = fileURLToPath(new URL("fixtures/Connect.java", import.meta.url));
      const hosts = cases.flatMap(({ host }, index) => [host, String(port(index))]);
      const { output } = await run("java", [source, store, ...hosts]);
      const outcomes = output.trim().split("\n");
      expect(outcomes).toHaveLength(cases.length);
      for (const [index, { name, expected }] of cases.entries()) {
        expect(outcomes[index], name).toMatch(reason(expected));
      }
    });
  },
);

/** Rejected, and for that: OpenSSL says "permitted subtree violation", Java "name constraints". */
const reason = (expected: Case["expected"]): RegExp =>
  expected === "accepted" ? /^accepted/ : /^rejected: (.|\n)*(subtree violation|name constraints)/i;

const port = (index: number): number => servers[index]?.port ?? 0;

/** A certificate signed with the stolen key, for whatever names. */
async function forge(
  ca: string,
  { dns = [], ip = [], cn }: NonNullable<Case["forged"]>,
): Promise<{ key: string; cert: string }> {
  const lib = x509();
  const { subtle } = webcrypto;
  const intermediate = await readFile(join(ca, "ca-intermediate.pem"), "utf8");
  const issuer = new lib.X509Certificate(intermediate);
  const der = Buffer.from((await readFile(join(ca, "ca.key"), "utf8")).replaceAll(/-----.*-----|\s/g, ""), "base64");
  const signingKey = await subtle.importKey("pkcs8", der, ecdsaP256, false, ["sign"]);
  const keys = await subtle.generateKey(ecdsaP256, true, ["sign", "verify"]);
  const names = [
    ...dns.map((value) => ({ type: "dns" as const, value })),
    ...ip.map((value) => ({ type: "ip" as const, value })),
  ];
  const certificate = await lib.X509CertificateGenerator.create({
    serialNumber: randomBytes(8).toString("hex"),
    subject: [{ CN: [cn] }],
    issuer: issuer.subject,
    notBefore: new Date(Date.now() - 3_600_000),
    notAfter: new Date(Date.now() + 3_600_000),
    publicKey: keys.publicKey,
    signingKey,
    signingAlgorithm: ecdsaP256,
    extensions: [
      new lib.BasicConstraintsExtension(false, undefined, true),
      new lib.KeyUsagesExtension(lib.KeyUsageFlags.digitalSignature, true),
      new lib.ExtendedKeyUsageExtension([lib.ExtendedKeyUsage.serverAuth]),
      await lib.SubjectKeyIdentifierExtension.create(keys.publicKey),
      await lib.AuthorityKeyIdentifierExtension.create(await issuer.publicKey.export()),
      ...(names.length > 0 ? [new lib.SubjectAlternativeNameExtension(names)] : []),
    ],
  });
  return {
    key: pem("PRIVATE KEY", await subtle.exportKey("pkcs8", keys.privateKey)),
    cert: pem("CERTIFICATE", certificate.rawData) + intermediate,
  };
}

function available(command: string, ...args: readonly string[]): boolean {
  try {
    execFileSync(command, args, { stdio: "ignore", timeout: 20_000 });
    return true;
  } catch {
    return false;
  }
}

function run(command: string, args: readonly string[]): Promise<{ status: number; output: string }> {
  return new Promise((done) => {
    execFile(command, args, { timeout: 50_000 }, (error, stdout, stderr) => {
      const status = error === null ? 0 : typeof error.code === "number" ? error.code : -1;
      done({ status, output: stdout === "" ? stderr : stdout });
    });
  });
}
