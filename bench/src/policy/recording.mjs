import { closeSync, openSync, writeSync } from "node:fs";

const region = "eu-west-1";
const account = "123456789012";

/** Four requests that take turns; `k` makes them differ. */
const requests = [
  (k) => ["s3", "GetObject", `arn:aws:s3:::acme-data/in/part-${k}.parquet`],
  (k) => ["dynamodb", "PutItem", `arn:aws:dynamodb:${region}:${account}:table/orders-${k % 50}`],
  (k) => ["sqs", "SendMessage", `arn:aws:sqs:${region}:${account}:jobs-${k % 20}`],
  (k) => ["lambda", "InvokeFunction", `arn:aws:lambda:${region}:${account}:function:fn-${k % 30}`],
];

/** Writes an activity log of so many requests, two records each, as the proxy does. */
export function writeRecording(file, { count, distinct }) {
  const fd = openSync(file, "w");
  let lines = "";
  for (let i = 0; i < count; i++) {
    const [service, operation, arn] = requests[i % requests.length](i % distinct);
    lines += `${JSON.stringify(decided(i, service, operation, arn))}\n${JSON.stringify(finished(i))}\n`;
    if (lines.length > 1 << 20 || i === count - 1) {
      writeSync(fd, lines);
      lines = "";
    }
  }
  closeSync(fd);
}

const idOf = (i) => `00000000-0000-4000-8000-${String(i).padStart(12, "0")}`;
const timeOf = (i) => new Date(Date.UTC(2026, 10, 1) + i * 1000).toISOString();

function decided(i, service, operation, arn) {
  return {
    ...{
      v: 1,
      type: "decided",
      id: idOf(i),
      time: timeOf(i),
      run: idOf(0),
      mode: "record",
      agent: "ci",
      session: idOf(0),
    },
    accessKeyId: "ASIAFAKEFAKEFAKEFAKE",
    principalArn: `arn:aws:sts::${account}:assumed-role/dev/session`,
    role: `arn:aws:iam::${account}:role/dev`,
    ...{ host: `${service}.${region}.amazonaws.com`, method: "POST", retry: `sdk-${idOf(i)}`, service },
    ...{ operations: [operation], protocol: "awsJson1_0", region, account },
    checks: [
      {
        action: `${service}:${operation}`,
        resource: { arn },
        context: {
          "aws:RequestedRegion": region,
          "s3:authType": "REST-HEADER",
          "s3:signatureversion": "AWS4-HMAC-SHA256",
        },
        authoritative: ["aws:RequestedRegion", "s3:*"],
      },
    ],
    decision: { outcome: "allowed", reason: "recorded; no policy is held against it", by: "guard", policyVersion: "" },
    forwarded: true,
  };
}

function finished(i) {
  return {
    ...{ v: 1, type: "finished", id: idOf(i), time: timeOf(i), outcome: "answered", status: 200 },
    ...{ requestId: "ABCDEF0123456789", bytesUp: 0, bytesDown: 1024, durationMs: 22 },
  };
}
