// Tells which IAM actions and resources requests need: node examples/resolve-request.mjs [FILE.har | raw-request.http]
// A HAR file is what browsers and HTTP debuggers export; a raw request is its bytes. Without a file, a request of its own.
import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { createResolver } from "@iap/action-resolver";
import { headerValue, parseEndpoint } from "@iap/aws-core";
import { parseCredentialScope } from "@iap/sigv4";

const resolver = createResolver({
  load: async (shard) => {
    const file = fileURLToPath(import.meta.resolve(`@iap/action-resolver/data/${shard}.json`));
    return JSON.parse(await readFile(file, "utf8"));
  },
});

const ownRequest = {
  httpVersion: "1.1",
  method: "PUT",
  target: "/2026/copy.csv",
  host: "reports.s3.eu-west-1.amazonaws.com",
  headers: [
    ["Host", "reports.s3.eu-west-1.amazonaws.com"],
    ["x-amz-copy-source", "/archive/2025/summary.csv"],
    ["x-amz-acl", "bucket-owner-full-control"],
    [
      "Authorization",
      "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261101/eu-west-1/s3/aws4_request, SignedHeaders=host, Signature=0",
    ],
  ],
  body: new Uint8Array(),
};

for (const request of readRequests(process.argv[2])) {
  const endpoint = parseEndpoint(request.host);
  if (endpoint === undefined) continue;
  const credential = /Credential=[^/]+\/([^,]+)/.exec(headerValue(request.headers, "authorization") ?? "")?.[1];
  const scope = (credential && parseCredentialScope(credential)) ?? {
    date: "20261101",
    region: endpoint.region ?? "us-east-1",
    service: endpoint.signingNames[0],
  };
  await resolver.load(scope.service);
  const call = resolver.resolve({ request, scope, endpoint }, { account: "123456789012" });
  console.log(`${call.service}: ${call.operations.join(" or ") || call.marker}`);
  for (const { action, resource } of call.checks)
    console.log(`  ${action} on ${resource.arn ?? resource.pattern ?? "*"}`);
}

function readRequests(file) {
  if (file === undefined) return [ownRequest];
  const text = readFileSync(file, "latin1");
  return file.endsWith(".har") ? readHar(JSON.parse(readFileSync(file, "utf8"))) : [readRaw(text)];
}

/** Entries of the HTTP Archive format 1.2. */
function readHar({ log }) {
  return log.entries.map(({ request: { method, url, headers, postData } }) => {
    const [, host, target] = /^https?:\/\/([^/?#]+)([^#]*)/.exec(url);
    const lines = headers.filter(({ name }) => !name.startsWith(":")).map(({ name, value }) => [name, value]);
    return asRequest(method, target, host, lines, Buffer.from(postData?.text ?? "", "utf8"));
  });
}

/** A request as it goes over the wire in HTTP/1.1. */
function readRaw(text) {
  const [head, ...body] = text.split(/\r?\n\r?\n/);
  const [line, ...lines] = head.split(/\r?\n/);
  const [method, target] = line.split(" ");
  const headers = lines.map((one) => [one.slice(0, one.indexOf(":")), one.slice(one.indexOf(":") + 1).trim()]);
  return asRequest(method, target, headerValue(headers, "host"), headers, Buffer.from(body.join("\r\n\r\n"), "latin1"));
}

function asRequest(method, target, host, headers, body) {
  return { httpVersion: "1.1", method, target: target || "/", host: host.toLowerCase(), headers, body };
}
