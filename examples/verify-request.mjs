// Who signed a request, and is it still what they signed: node examples/verify-request.mjs
import { AwsError, Credentials } from "@iap/aws-core";
import { renderError } from "@iap/aws-errors";
import { sha256Hex, sign } from "@iap/sigv4";
import { parseAuthorization, verify } from "@iap/sigv4-verify";

const now = new Date();
const host = "sqs.us-east-1.amazonaws.com";
const credentials = new Credentials({ accessKeyId: "ASIAAGENT", secretAccessKey: "secret", sessionToken: "token" });

// What a client sends.
const body = Buffer.from('{"QueueNamePrefix":"jobs"}');
const headers = [
  ["Host", host],
  ["Content-Type", "application/x-amz-json-1.0"],
  ["X-Amz-Target", "AmazonSQS.ListQueues"],
];
const bare = { httpVersion: "1.1", method: "POST", target: "/", headers, host };
const head = sign(bare, { credentials, region: "us-east-1", service: "sqs", now, payload: sha256Hex(body) });

// What its head says, before anything of it is proven.
const { form, accessKeyId, scope, signedHeaders } = parseAuthorization(head);
console.log(`${form}: ${accessKeyId} for ${scope.service} in ${scope.region}, signing ${signedHeaders.join(" ")}`);

// Whether a key that is ours signed it: a ring tells which keys are.
const notAfter = new Date(now.getTime() + 3_600_000);
const key = { agent: "agent", session: "1", credentials, notAfter, upstream: "default" };
const keys = { lookup: (id) => (id === credentials.accessKeyId ? key : undefined) };
judge("as it was signed", { ...head, body });
judge("with another body", { ...head, body: Buffer.from('{"QueueNamePrefix":""}') });
judge("of another operation", {
  ...head,
  headers: head.headers.map(([name, value]) => [name, value.replace("ListQueues", "PurgeQueue")]),
  body,
});
judge("not signed", { ...bare, body });

function judge(what, request) {
  try {
    console.log(`${what}: signed by ${verify(request, { keys, now }).key.agent}`);
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    // The same in the words of the service, for the client.
    const answer = renderError(error, { request, requestId: "01JDCM5T2Z8Q4W6E9R3Y7U1I0P", now });
    console.log(`${what}: ${answer.status} ${JSON.parse(Buffer.from(answer.body)).__type.split("#")[1]}`);
  }
}
