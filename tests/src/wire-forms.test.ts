import { createHash, createHmac } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { run } from "./child.ts";
import { findClient } from "./client.ts";
import { content, digest } from "./client-steps.ts";
import { checksum } from "./fake-aws/checksum.ts";
import type { RealCredentials } from "./fake-aws/signature-oracle.ts";
import { FakeAws } from "./fake-aws.ts";
import { exchange, signedHead } from "./raw-client.ts";
import { startTarget } from "./start-target.ts";
import { type Target, targetKind } from "./target.ts";
import { sessionCredentials } from "./test-credentials.ts";

const host = "wire-bucket.s3.us-east-1.amazonaws.com";
const bucket = "wire-bucket";
const curl = await findClient("curl with --aws-sigv4", "sh", [
  "-c",
  "curl --help all | grep -q -- --aws-sigv4 && curl --version",
]);

describe("wire forms that the SDKs of this suite do not send", () => {
  const credentials = sessionCredentials();
  let fake: FakeAws;
  let target: Target;
  let agent: RealCredentials;

  beforeAll(async () => {
    fake = await FakeAws.start({ credentials });
    target = await startTarget(fake, credentials);
    agent = await target.agentCredentials();
    const { head } = await signedHead({
      ...{ credentials: agent, service: "s3", host, method: "PUT", path: "/" },
      headers: { "content-length": "0", "x-amz-content-sha256": sha256("") },
    });
    expect((await exchange(target.env, host, [head])).status).toBe(200);
  });
  beforeEach(() => fake.forget());
  afterAll(() => target?.stop());

  test.each([false, true])("chunk-signed uploads (with a trailer: %s) arrive, signed anew", async (trailer) => {
    const parts = await chunkedPut(agent, "chunked", content(100_000), { trailer });
    const answer = await exchange(target.env, host, parts);
    expect(answer.status, answer.bytes.toString()).toBe(200);
    expect(digest(fake.s3.object(bucket, "chunked") as Buffer)).toBe(digest(content(100_000)));
    expect(fake.problems).toEqual([]);
  });

  test.each(["chunk", "last chunk", "trailer"])(
    "a chunk-signed upload whose %s is wrong stores nothing",
    async (which) => {
      const parts = await chunkedPut(agent, "wrong", content(100_000), { trailer: true });
      const at = { chunk: 4, "last chunk": 7, trailer: 9 }[which] as number;
      const wrong = parts.map((part, i) => (i === at && typeof part === "string" ? spoilt(part) : part));
      expect(wrong).not.toEqual(parts);
      const answer = await exchange(target.env, host, wrong);
      expect(answer.status).toBe(403);
      expect(answer.bytes.toString()).toContain("SignatureDoesNotMatch");
      expect(fake.s3.object(bucket, "wrong")).toBeUndefined();
    },
  );

  test("a body that has not the hash it was signed with stores nothing", async () => {
    const body = content(200_000);
    const { head } = await signedHead({
      ...{ credentials: agent, service: "s3", host, method: "PUT", path: "/bad" },
      headers: { "content-length": String(body.length), "x-amz-content-sha256": sha256("other") },
    });
    const answer = await exchange(target.env, host, [head, body]);
    expect(answer.status).not.toBe(200);
    expect(fake.s3.object(bucket, "bad")).toBeUndefined();
    if (targetKind === "proxy") expect(fake.arrived).toEqual([]);
  });

  test.skipIf(curl.skip)("curl puts, gets and asks STS", async () => {
    const { accessKeyId, secretAccessKey, sessionToken } = agent;
    const ask = async (url: string, service: string, ...args: string[]): Promise<string> => {
      const common = ["-sS", "--http1.1", "--max-time", "20", "--cacert", target.env.NODE_EXTRA_CA_CERTS as string];
      const auth = ["--aws-sigv4", `aws:amz:us-east-1:${service}`, "-u", `${accessKeyId}:${secretAccessKey}`];
      const token = ["-H", `x-amz-security-token: ${sessionToken}`];
      const exited = await run("curl", [...common, ...auth, ...token, ...args, url], { env: target.env });
      expect(exited.code, exited.stderr).toBe(0);
      return exited.stdout;
    };
    const unsigned = ["-H", "x-amz-content-sha256: UNSIGNED-PAYLOAD"];
    expect(await ask(`https://${host}/from-curl`, "s3", ...unsigned, "-X", "PUT", "--data-binary", "hello")).toBe("");
    expect(await ask(`https://${host}/from-curl`, "s3", ...unsigned)).toBe("hello");
    const sts = await ask(
      "https://sts.us-east-1.amazonaws.com/",
      "sts",
      "-d",
      "Action=GetCallerIdentity&Version=2011-06-15",
    );
    expect(sts).toContain(`<Account>${fake.account}</Account>`);
    expect(fake.problems).toEqual([]);
  });
});

/** A PutObject in chunks signed by the algorithm of https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html */
async function chunkedPut(
  credentials: RealCredentials,
  key: string,
  payload: Buffer,
  { trailer }: { readonly trailer: boolean },
): Promise<(string | Buffer)[]> {
  const date = new Date();
  const long = `${date.toISOString().slice(0, 19).replace(/[-:]/g, "")}Z`;
  const scope = `${long.slice(0, 8)}/us-east-1/s3/aws4_request`;
  const chunks = [payload.subarray(0, 65_536), payload.subarray(65_536), Buffer.alloc(0)];
  const sum = `x-amz-checksum-crc32:${checksum("crc32", payload)}`;
  const trailerLength = trailer ? sum.length + 2 + "x-amz-trailer-signature:".length + 64 + 2 : 0;
  const length =
    chunks.reduce((total, { length: size }) => total + size.toString(16).length + 85 + size, 0) + trailerLength;
  const { head, signature } = await signedHead({
    ...{ credentials, service: "s3", host, method: "PUT", path: `/${key}`, date },
    headers: {
      "content-encoding": "aws-chunked",
      "content-length": String(length),
      "x-amz-decoded-content-length": String(payload.length),
      "x-amz-content-sha256": `STREAMING-AWS4-HMAC-SHA256-PAYLOAD${trailer ? "-TRAILER" : ""}`,
      ...(trailer ? { "x-amz-trailer": "x-amz-checksum-crc32" } : {}),
    },
  });
  const signingKey = ["us-east-1", "s3", "aws4_request"].reduce(
    hmac,
    hmac(`AWS4${credentials.secretAccessKey}`, long.slice(0, 8)),
  );
  const sign = (lines: readonly string[]): string => hmac(signingKey, lines.join("\n")).toString("hex");
  const parts: (string | Buffer)[] = [head];
  let previous = signature;
  for (const chunk of chunks) {
    previous = sign(["AWS4-HMAC-SHA256-PAYLOAD", long, scope, previous, sha256(""), sha256(chunk)]);
    parts.push(`${chunk.length.toString(16)};chunk-signature=${previous}\r\n`, chunk);
    if (chunk.length > 0) parts.push("\r\n");
  }
  if (trailer) {
    const signed = sign(["AWS4-HMAC-SHA256-TRAILER", long, scope, previous, sha256(`${sum}\n`)]);
    parts.push(`${sum}\r\nx-amz-trailer-signature:${signed}\r\n`);
  }
  parts.push("\r\n");
  return parts;
}

/** The signature in a line, with another first digit. */
function spoilt(line: string): string {
  return line.replace(
    /([=:])([0-9a-f])(?=[0-9a-f]{63})/,
    (_, mark: string, digit: string) => mark + (digit === "0" ? "1" : "0"),
  );
}

function hmac(key: string | Buffer, data: string): Buffer {
  return createHmac("sha256", key).update(data).digest();
}

function sha256(data: string | Buffer): string {
  return createHash("sha256").update(data).digest("hex");
}
