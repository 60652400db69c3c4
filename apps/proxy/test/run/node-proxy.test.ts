import { execFile } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer as createHttp } from "node:http";
import { createSecureServer } from "node:http2";
import { type AddressInfo, connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { CertificateAuthority } from "@iap/ca-manager";
import { afterAll, beforeAll, expect, test } from "vitest";

const preload = fileURLToPath(new URL("../../preload/node-proxy.cjs", import.meta.url));
const host = "sts.us-east-1.amazonaws.com";
const dir = mkdtempSync(join(tmpdir(), "iap-preload-"));
/** What CONNECT was asked for, and with which password. */
const asked: string[] = [];
let env: Record<string, string>;
let close: () => void;

beforeAll(async () => {
  const authority = await CertificateAuthority.create({ dir, permittedDnsSuffixes: ["amazonaws.com"], years: 1 });
  const { cert, key } = await authority.leaf(host);
  const server = createSecureServer({ cert, key, allowHTTP1: true }, (request, response) => {
    response.end(`HTTP/${request.httpVersion} ${request.url}`);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const proxy = createHttp().on("connect", (request, socket) => {
    asked.push(`${request.url} ${request.headers["proxy-authorization"] ?? ""}`);
    if (!request.url?.startsWith(host)) return void socket.end("HTTP/1.1 403 Forbidden\r\n\r\nnot this one\n");
    const upstream = connect(port, "127.0.0.1", () => {
      socket.write("HTTP/1.1 200 Connection Established\r\n\r\n");
      upstream.pipe(socket).pipe(upstream);
    });
    upstream.on("error", () => socket.destroy());
    socket.on("error", () => upstream.destroy());
  });
  proxy.listen(0, "127.0.0.1");
  await once(proxy, "listening");
  close = () => {
    proxy.close();
    server.close();
  };
  const ca = join(dir, "root.pem");
  writeFileSync(ca, authority.rootCertificate);
  env = {
    PATH: process.env.PATH ?? "",
    HTTPS_PROXY: `http://run:p%40ss@127.0.0.1:${(proxy.address() as AddressInfo).port}`,
    NODE_EXTRA_CA_CERTS: ca,
    NODE_OPTIONS: `--require ${preload}`,
  };
});
afterAll(() => {
  close();
  rmSync(dir, { recursive: true, force: true });
});

/** Runs a program in a Node of its own; what it wrote. */
function node(program: string, more: Record<string, string> = {}): Promise<string> {
  return new Promise((resolve) => {
    const args = ["--input-type=module", "-e", program];
    execFile(process.execPath, args, { env: { ...env, ...more }, timeout: 20_000 }, (_error, stdout, stderr) =>
      resolve(stdout + stderr),
    );
  });
}

const authorization = `Basic ${Buffer.from("run:p@ss").toString("base64")}`;

test.each([
  ["the global agent", "import { get } from 'node:https'; const options = {};"],
  [
    "an agent of its own",
    "import { Agent, get } from 'node:https'; const options = { agent: new Agent({ keepAlive: true, maxSockets: 1 }) };",
  ],
  ["no agent", "import { get } from 'node:https'; const options = { agent: false };"],
])("https with %s goes through the proxy", async (_what, prelude) => {
  asked.length = 0;
  const output = await node(
    `${prelude} get('https://${host}/x', options, (r) => { r.pipe(process.stdout); r.on('end', () => process.exit()); }).on('error', console.error);`,
  );
  expect(output).toBe("HTTP/1.1 /x");
  expect(asked).toEqual([`${host}:443 ${authorization}`]);
});

test("http2.connect goes through the proxy, also by a name imported before it is used", async () => {
  asked.length = 0;
  const output = await node(
    `import { connect } from 'node:http2'; const session = connect('https://${host}'); session.on('error', console.error); const request = session.request({ ':path': '/h2' }); request.setEncoding('utf8'); request.on('data', (text) => process.stdout.write(text)); request.on('end', () => session.close()); request.end();`,
  );
  expect(output).toBe("HTTP/2.0 /h2");
  expect(asked).toEqual([`${host}:443 ${authorization}`]);
});

test("a refusal of the proxy is an error that has its words", async () => {
  const output = await node(
    "import { get } from 'node:https'; get('https://example.com/', () => {}).on('error', (e) => console.log(e.code, e.message));",
  );
  expect(output).toContain("ECONNREFUSED");
  expect(output).toContain("CONNECT example.com:443 was answered 403: not this one");
});

test.each([
  ["NO_PROXY names it", { NO_PROXY: `.amazonaws.com` }],
  ["there is no proxy", { HTTPS_PROXY: "" }],
])("nothing goes through the proxy when %s", async (_what, more) => {
  asked.length = 0;
  const output = await node(
    `import { get } from 'node:https'; get('https://${host}:1/', { lookup: (_h, o, cb) => (o.all ? cb(null, [{ address: '127.0.0.1', family: 4 }]) : cb(null, '127.0.0.1', 4)) }, () => {}).on('error', (e) => console.log(e.code));`,
    more,
  );
  expect(output).toContain("ECONNREFUSED");
  expect(asked).toEqual([]);
});

test("addresses and this machine are asked directly", async () => {
  asked.length = 0;
  const output = await node(
    "import { get } from 'node:https'; for (const h of ['127.0.0.1', 'localhost']) get({ host: h, port: 1 }, () => {}).on('error', (e) => console.log(e.code));",
  );
  expect(output.match(/ECONNREFUSED/g)).toHaveLength(2);
  expect(asked).toEqual([]);
});
