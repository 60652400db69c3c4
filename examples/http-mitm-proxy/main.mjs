// The pipeline inside an http-mitm-proxy program, at work: npm ci && npm start
//
// http-mitm-proxy takes CONNECT, makes certificates and forwards; embed-pipeline.mjs is what stands between. AWS here is a
// server on loopback that verifies what arrives, and the agent is the last part of this file.
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { request as httpRequest } from "node:http";
import { createServer, Agent as HttpsAgent, request as httpsRequest } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer, text } from "node:stream/consumers";
import { connect } from "node:tls";
import { Credentials } from "@iap/aws-core";
import { CertificateAuthority } from "@iap/ca-manager";
import { compilePolicySet } from "@iap/iam-evaluator";
import { sha256Hex, sign } from "@iap/sigv4";
import { verify } from "@iap/sigv4-verify";
import { Proxy as MitmProxy } from "http-mitm-proxy";
import { embedPipeline } from "./embed-pipeline.mjs";

const agent = new Credentials({ accessKeyId: "ASIAAGENT", secretAccessKey: "fake", sessionToken: "fake token" });
const real = new Credentials({ accessKeyId: "ASIAREAL", secretAccessKey: "real", sessionToken: "real token" });
const notAfter = new Date(Date.now() + 3_600_000);
const ringOf = (credentials) => {
  const key = { agent: "agent", session: "1", credentials, notAfter, upstream: "default" };
  return { lookup: (accessKeyId) => (accessKeyId === credentials.accessKeyId ? key : undefined) };
};
const document = JSON.stringify({
  Version: "2012-10-17",
  Statement: [
    { Effect: "Allow", Action: "s3:PutObject", Resource: "arn:aws:s3:::reports/2026/*" },
    { Effect: "Allow", Action: "sqs:SendMessage", Resource: "arn:aws:sqs:us-east-1:123456789012:jobs" },
  ],
});

const dir = mkdtempSync(join(tmpdir(), "iap-example-"));
const aws = await startAws();
const proxy = new MitmProxy();
embedPipeline(proxy, {
  keys: ringOf(agent),
  credentials: real,
  policy: compilePolicySet({ identity: [{ name: "policy", document }] }),
  record: (line) => console.log(`proxy  ${line}`),
});
const sslCaDir = join(dir, "proxy");
await new Promise((resolve, reject) => {
  const options = { host: "127.0.0.1", port: 0, keepAlive: true, sslCaDir, httpsAgent: agentTo(aws) };
  proxy.listen(options, (error) => (error ? reject(error) : resolve()));
});
const trusted = readFileSync(join(sslCaDir, "certs/ca.pem"));

try {
  const s3 = { host: "reports.s3.us-east-1.amazonaws.com", service: "s3", method: "PUT" };
  const sqs = { host: "sqs.us-east-1.amazonaws.com", service: "sqs", method: "POST", target: "/" };
  const message = (queue) =>
    JSON.stringify({ QueueUrl: `https://${sqs.host}/123456789012/${queue}`, MessageBody: "go" });
  const json = [
    ["Content-Type", "application/x-amz-json-1.0"],
    ["X-Amz-Target", "AmazonSQS.SendMessage"],
  ];
  await ask("an upload that streams", { ...s3, target: "/2026/summary.csv", body: "a,b\n".repeat(50_000) });
  await ask("a message", { ...sqs, headers: json, body: message("jobs") });
  await ask("a message to another queue", { ...sqs, headers: json, body: message("payroll") });
  await ask("an upload elsewhere", { ...s3, target: "/payroll.csv", body: "x" });
  const form = [["Content-Type", "application/x-www-form-urlencoded; charset=utf-8"]];
  const sts = { host: "sts.us-east-1.amazonaws.com", service: "sts", method: "POST", target: "/", headers: form };
  await ask("real credentials", { ...sts, body: "Action=GetSessionToken&Version=2011-06-15" });
  await ask("an upload changed on the way", { ...s3, target: "/2026/x.csv", body: "x".repeat(200_000), sent: "y" });
  await ask("a request of another key", { ...sqs, headers: json, body: message("jobs"), credentials: real });
} finally {
  proxy.close();
  aws.server.close();
  aws.server.closeAllConnections();
  rmSync(dir, { recursive: true });
}

/** A server that is every host of AWS, and says what arrived there. */
async function startAws() {
  const authority = await CertificateAuthority.open({ dir: join(dir, "aws"), permittedDnsSuffixes: ["amazonaws.com"] });
  const SNICallback = (host, done) => authority.secureContext(host).then((context) => done(null, context), done);
  const server = createServer({ SNICallback }, async (request, response) => {
    try {
      const body = await buffer(request);
      const { method, url: target, rawHeaders, headers } = request;
      const lines = [];
      for (let i = 0; i < rawHeaders.length; i += 2) lines.push([rawHeaders[i], rawHeaders[i + 1]]);
      const head = { httpVersion: "1.1", method, target, headers: lines, host: headers.host };
      const { authorization } = verify({ ...head, body }, { keys: ringOf(real), now: new Date() });
      console.log(`aws    ${method} ${target}: ${body.length} bytes, signed by ${authorization.accessKeyId}`);
      response.end("{}");
    } catch (error) {
      console.log(`aws    ${error.code === "ECONNRESET" ? "an upload that broke off" : error.message}`);
      response.destroy();
    }
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  return { server, port: server.address().port, ca: authority.rootCertificate };
}

/** Connects to the server instead of AWS. Outside of an example this is `new Agent({ keepAlive: true })`. */
function agentTo({ port, ca }) {
  const httpsAgent = new HttpsAgent({ keepAlive: true });
  httpsAgent.createConnection = ({ host }) => connect({ host: "127.0.0.1", port, servername: host, ca });
  return httpsAgent;
}

/** What an agent's SDK does: signs with what it was given, and sends through the proxy. `sent` ends the body otherwise than signed. */
async function ask(what, { host, service, method, target, headers = [], body, sent = "", credentials = agent }) {
  const bytes = Buffer.from(body);
  const payload = sha256Hex(bytes);
  const bare = { httpVersion: "1.1", method, target, headers: [["Host", host], ...headers], host };
  const signed = sign(bare, { credentials, region: "us-east-1", service, now: new Date(), payload });
  bytes.write(sent, bytes.length - sent.length);

  const tunnel = httpRequest({ host: "127.0.0.1", port: proxy.httpPort, method: "CONNECT", path: `${host}:443` }).end();
  const [, socket] = await once(tunnel, "connect");
  const createConnection = () => connect({ socket, servername: host, ca: trusted });
  const lines = [...signed.headers, ["Content-Length", String(bytes.length)]].flat();
  const request = httpsRequest({ createConnection, host, method, path: target, headers: lines }).end(bytes);
  const [response] = await once(request, "response");
  const answer = await text(response);
  socket.destroy();
  const code = /<Code>(\w+)/.exec(answer)?.[1] ?? /#(\w+)/.exec(answer)?.[1] ?? "";
  console.log(`agent  ${what}: ${response.statusCode} ${code}`.trimEnd());
}
