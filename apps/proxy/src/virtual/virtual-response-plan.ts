import { createHash } from "node:crypto";
import { crc32, gunzipSync } from "node:zlib";
import { AwsError, type Headers, headerValue, type Protocol, withoutHeaders } from "@iap/aws-core";
import type { Answer, ResponseHead, ResponsePlan } from "@iap/interceptor";
import { UnreadableAnswer } from "./answer-tree.ts";
import type { CredentialOutput } from "./credential-output.ts";
import { type FoundCredentials, type Replacement, virtualise } from "./virtualise.ts";

export interface VirtualResponseOptions {
  readonly protocol: Protocol;
  readonly output: CredentialOutput;
  /** `sts:AssumeRole`, for the message when its answer is withheld. */
  readonly operation: string;
  readonly replace: (found: FoundCredentials) => Replacement;
  /** Renders an error of ours for the client. */
  readonly render: (error: AwsError) => Answer;
}

/** The longest answer that is looked into, in bytes. */
const maxAnswerBytes = 1 << 20;

/**
 * What becomes of a successful answer that carries credentials: it is read whole and goes on with fake ones in their
 * place, its checksums made anew. What cannot be read is withheld.
 */
export function virtualResponsePlan(head: ResponseHead, options: VirtualResponseOptions): ResponsePlan {
  return {
    maxBytes: maxAnswerBytes,
    rewrite: (body) => {
      try {
        if (body === undefined) throw new UnreadableAnswer(`it is longer than ${maxAnswerBytes} bytes`);
        const secrets: string[] = [];
        const replaced = virtualise(decoded(body, head.headers), {
          ...options,
          replace(found) {
            secrets.push(found.accessKeyId, found.secretAccessKey, found.sessionToken);
            return options.replace(found);
          },
        });
        if (head.headers.some(([, value]) => secrets.some((secret) => value.includes(secret)))) {
          throw new UnreadableAnswer("a header repeats them");
        }
        return { status: head.status, headers: reframed(head.headers, replaced), body: replaced };
      } catch (error) {
        if (!(error instanceof UnreadableAnswer)) throw error;
        return options.render(
          new AwsError(
            "ServiceUnavailable",
            `iam-agent-proxy withholds AWS's answer to ${options.operation}: it carries credentials, and they could not be replaced (${error.message}).`,
            { cause: error },
          ),
        );
      }
    },
  };
}

function decoded(body: Uint8Array, headers: Headers): Buffer {
  const encoding = headerValue(headers, "content-encoding")?.toLowerCase() ?? "identity";
  if (encoding === "identity") return Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  if (encoding !== "gzip") throw new UnreadableAnswer(`its encoding is ${encoding}`);
  try {
    return gunzipSync(body, { maxOutputLength: maxAnswerBytes });
  } catch (cause) {
    throw new UnreadableAnswer("it does not decompress", { cause });
  }
}

/** The headers for the new body: those that describe the old one are made anew or left out. */
function reframed(headers: Headers, body: Buffer): Headers {
  const kept = withoutHeaders(headers, (name) => ofTheOldBody.has(name) || name.startsWith("x-amz-checksum-"));
  return kept.map(([name, value]) => {
    switch (name.toLowerCase()) {
      case "x-amz-crc32":
        return [name, String(crc32(body))];
      case "content-md5":
        return [name, createHash("md5").update(body).digest("base64")];
      default:
        return [name, value];
    }
  });
}

const ofTheOldBody = new Set(["content-length", "transfer-encoding", "content-encoding", "trailer", "digest", "etag"]);
