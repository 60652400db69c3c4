import { hash } from "node:crypto";
import type { AwsError } from "@iap/aws-core";
import type { RenderedBody } from "./rendered-body.ts";
import { xmlText } from "./xml-text.ts";

/** S3's error document: the details of the error follow its message as elements of their own. */
export function s3Error(error: AwsError, code: string, message: string, requestId: string): RenderedBody {
  const s3RequestId = shortId(requestId);
  const hostId = s3HostId(requestId);
  const fields = Object.entries(error.details).flatMap(([name, value]) => detail(name, value));
  const elements = [
    element("Code", code),
    element("Message", message),
    ...fields,
    element("RequestId", s3RequestId),
    element("HostId", hostId),
  ];
  return {
    content: `<?xml version="1.0" encoding="UTF-8"?>\n<Error>${elements.join("")}</Error>`,
    headers: [
      ["Content-Type", "application/xml"],
      ["x-amz-request-id", s3RequestId],
      ["x-amz-id-2", hostId],
    ],
  };
}

/** What S3 says of the host that answered: base64 of 64 bytes. */
export function s3HostId(requestId: string): string {
  return hash("sha512", requestId, "base64");
}

function detail(name: string, value: string): string[] {
  if (!/^[A-Za-z][A-Za-z0-9-]*$/.test(name)) return [];
  if (name !== "StringToSign" && name !== "CanonicalRequest") return [element(name, value)];
  // Latin1 text that stands for bytes: shown as the UTF-8 it usually is, and as hex, which is exact.
  const bytes = Buffer.from(value, "latin1");
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(" ");
  return [element(name, bytes.toString("utf8")), element(`${name}Bytes`, hex)];
}

function element(name: string, text: string): string {
  return `<${name}>${xmlText(text)}</${name}>`;
}

/** S3's request ids are 16 upper-case letters and digits. */
function shortId(requestId: string): string {
  const bytes = hash("sha256", requestId, "buffer");
  return Array.from(bytes.subarray(0, 16), (byte) => (byte & 31).toString(32).toUpperCase()).join("");
}
