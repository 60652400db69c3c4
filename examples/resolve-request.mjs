// Tells which IAM actions and resources a raw, signed request needs: node examples/resolve-request.mjs
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { createResolver } from "@iap/action-resolver";
import { headerValue, parseEndpoint } from "@iap/aws-core";
import { parseCredentialScope } from "@iap/sigv4";

const request = {
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

const authorization = headerValue(request.headers, "authorization");
const credential = /Credential=[^/]+\/([^,]+),/.exec(authorization)[1];
const scope = parseCredentialScope(credential);
const endpoint = parseEndpoint(request.host);

const resolver = createResolver({
  load: async (shard) => {
    const file = fileURLToPath(import.meta.resolve(`@iap/action-resolver/data/${shard}.json`));
    return JSON.parse(await readFile(file, "utf8"));
  },
});
await resolver.load(scope.service);
const call = resolver.resolve({ request, scope, endpoint }, { account: "123456789012" });

console.log(`${call.service}: ${call.operations.join(" or ")}`);
for (const { action, resource } of call.checks)
  console.log(`  ${action} on ${resource.arn ?? resource.pattern ?? "*"}`);
