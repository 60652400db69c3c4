import {
  type AgentKey,
  AwsError,
  type AwsRequest,
  type CredentialScope,
  headerValue,
  headerValues,
  type KeyRing,
} from "@iap/aws-core";
import {
  type AwsChunkedOptions,
  AwsChunkedParser,
  type SigningKeys,
  STREAMING_UNSIGNED_PAYLOAD_TRAILER,
  sha256Hex,
  UNSIGNED_PAYLOAD,
} from "@iap/sigv4";
import { authenticate } from "./authenticate.ts";
import type { Authorization } from "./authorization.ts";
import { type BodyFilter, chunksFilter, contentMismatch, hashFilter, passFilter } from "./body-filter.ts";
import { parseAuthorization } from "./parse-authorization.ts";
import { checkUnsignedHeaders } from "./unsigned-headers.ts";
import { verifySignature } from "./verify-signature.ts";

export interface VerifyOptions {
  readonly keys: KeyRing;
  readonly now: Date;
  /** As for `authenticate`. */
  readonly maxSkewMs?: number | undefined;
  /** What `parseAuthorization` made of this request before, if it did. */
  readonly authorization?: Authorization | undefined;
  /** What `authenticate` made of that authorization before, if it did. */
  readonly key?: AgentKey | undefined;
  readonly signingKeys?: SigningKeys | undefined;
}

/** A request that an agent key has signed. */
export interface VerifiedRequest {
  readonly request: AwsRequest;
  readonly authorization: Authorization;
  readonly key: AgentKey;
  readonly scope: CredentialScope;
  /** The hash line of its canonical request, to sign it anew with. */
  readonly payload: string;
  readonly body: VerifiedBody;
}

export type VerifiedBody =
  /** The whole body, checked. */
  | { readonly kind: "bytes"; readonly bytes: Uint8Array }
  /** A body that streams: each piece of it goes through one `filter()`, which checks it on the way. */
  | { readonly kind: "stream"; readonly integrity: "hash" | "chunks" | "none"; filter(): BodyFilter };

/**
 * Verifies a request against a key ring: authorization, key, token, clock, signature, and the body as far as it is here.
 * Throws an `AwsError` naming the cause. A body that streams is checked by the filter of the result.
 */
export function verify(request: AwsRequest, options: VerifyOptions): VerifiedRequest {
  const { keys, now, maxSkewMs, signingKeys } = options;
  const authorization = options.authorization ?? parseAuthorization(request);
  const key = options.key ?? authenticate(authorization, { keys, now, maxSkewMs });
  const payload = payloadLine(request, authorization);
  verifySignature(request, authorization, key, payload, signingKeys);
  checkUnsignedHeaders(request, authorization);
  return {
    request,
    authorization,
    key,
    scope: authorization.scope,
    payload,
    body: verifiedBody(request, authorization),
  };
}

function payloadLine({ body }: AwsRequest, { payload }: Authorization): string {
  switch (payload.kind) {
    case "hash":
      return payload.hex;
    case "unsigned":
      return UNSIGNED_PAYLOAD;
    case "unsignedTrailer":
      return STREAMING_UNSIGNED_PAYLOAD_TRAILER;
    case "collect":
      if (body === undefined) {
        throw new AwsError(
          "InternalFailure",
          "The request states no hash of its body: it must be collected before it is verified.",
        );
      }
      return sha256Hex(body);
  }
}

function verifiedBody(request: AwsRequest, { payload }: Authorization): VerifiedBody {
  const { body: bytes } = request;
  switch (payload.kind) {
    case "hash": {
      const { hex } = payload;
      if (bytes === undefined) return { kind: "stream", integrity: "hash", filter: () => hashFilter(hex) };
      const actual = sha256Hex(bytes);
      if (actual !== hex) throw contentMismatch(hex, actual);
      return { kind: "bytes", bytes };
    }
    case "unsignedTrailer": {
      const framing = announcedFraming(request);
      if (bytes === undefined) return { kind: "stream", integrity: "chunks", filter: () => chunksFilter(framing) };
      const parser = new AwsChunkedParser(framing);
      parser.push(bytes);
      parser.end();
      return { kind: "bytes", bytes };
    }
    case "unsigned":
    case "collect":
      if (bytes === undefined) return { kind: "stream", integrity: "none", filter: passFilter };
      return { kind: "bytes", bytes };
  }
}

function announcedFraming({ headers }: AwsRequest): AwsChunkedOptions {
  const trailers = headerValues(headers, "x-amz-trailer")
    .flatMap((value) => value.split(","))
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== "");
  const length = headerValue(headers, "x-amz-decoded-content-length");
  if (length === undefined) return { trailers };
  const decodedLength = /^\d{1,15}$/.test(length) ? Number(length) : undefined;
  if (decodedLength === undefined || headerValues(headers, "x-amz-decoded-content-length").length > 1) {
    throw new AwsError("InvalidRequest", "x-amz-decoded-content-length must be one number of bytes.");
  }
  return { trailers, decodedLength };
}
