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
  type SigningKeys,
  STREAMING_UNSIGNED_PAYLOAD_TRAILER,
  type StreamSeed,
  sha256Hex,
  UNSIGNED_PAYLOAD,
} from "@iap/sigv4";
import { authenticate } from "./authenticate.ts";
import type { Authorization } from "./authorization.ts";
import { type BodyFilter, chunksFilter, contentMismatch, hashFilter, passFilter } from "./body-filter.ts";
import { EventStreamFilter } from "./event-stream-filter.ts";
import { parseAuthorization } from "./parse-authorization.ts";
import { SignedChunksFilter } from "./signed-chunks-filter.ts";
import { checkUnsignedHeaders } from "./unsigned-headers.ts";
import { inboundSeed, verifySignature } from "./verify-signature.ts";

export interface VerifyOptions {
  /** Whose signatures count. */
  readonly keys: KeyRing;
  /** The instant by which keys, dates and expiries are judged. */
  readonly now: Date;
  /** As for `authenticate`. */
  readonly maxSkewMs?: number | undefined;
  /** Whether the request came over TLS, without which no body may be unsigned. Default true. */
  readonly secure?: boolean | undefined;
  /** What `parseAuthorization` made of this request before, if it did: it is not read again. */
  readonly authorization?: Authorization | undefined;
  /** What `authenticate` made of that authorization before, if it did: token, clock and end are not judged again. */
  readonly key?: AgentKey | undefined;
  /** Keys derived before; without it, a key is derived for this request alone. */
  readonly signingKeys?: SigningKeys | undefined;
  /**
   * Asked before a stream's filter holds more of the body than 128 KiB, each time with the bytes that are added: a signed
   * chunk or message is held whole, and may have 16 MiB. What it throws ends the body. By default all of that is held.
   */
  readonly reserve?: ((bytes: number) => void) | undefined;
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

/** Where the body of the request begins when it is signed anew (`signStream`). Of use only for signed chunks and events. */
export type Resign = StreamSeed | undefined;

export type VerifiedBody =
  /** The whole body, checked. `resigned` gives it under other signatures where it holds some. */
  | { readonly kind: "bytes"; readonly bytes: Uint8Array; resigned(resign: Resign): Uint8Array }
  /** A body that streams: each piece of it goes through one `filter()`, which checks it, and signs it anew, on the way. */
  | {
      readonly kind: "stream";
      readonly integrity: "hash" | "chunks" | "signatures" | "none";
      filter(resign?: Resign): BodyFilter;
    };

/**
 * Verifies a request against a key ring: authorization, key, token, clock, signature, and the body as far as it is here. A
 * body that streams is checked by the filter of the result; one whose hash is not stated (`payload.kind` `collect`) must be here.
 *
 * Throws the `AwsError`s of `parseAuthorization`, `authenticate` and `verifySignature`; `HeadersNotSigned` for settings to S3
 * outside of the signature; of a body that is here, `ContentSha256Mismatch`, and what the filters throw.
 */
export function verify(request: AwsRequest, options: VerifyOptions): VerifiedRequest {
  const { keys, now, maxSkewMs, secure = true, signingKeys, reserve } = options;
  const authorization = options.authorization ?? parseAuthorization(request);
  const key = options.key ?? authenticate(authorization, { keys, now, maxSkewMs });
  if (!secure) checkBodyIsSigned(authorization);
  const payload = payloadLine(request, authorization);
  verifySignature(request, authorization, key, payload, signingKeys);
  checkUnsignedHeaders(request, authorization);
  return {
    request,
    authorization,
    key,
    scope: authorization.scope,
    payload,
    body: verifiedBody(request, () => inboundSeed(authorization, key, signingKeys), authorization, {
      // One that is here already is held by the caller.
      reserve: request.body === undefined ? reserve : undefined,
    }),
  };
}

/** Presigned URLs and Signature Version 2 never sign a body, and S3 takes them over plain HTTP too. */
function checkBodyIsSigned({ form, algorithm, payload }: Authorization): void {
  if (form !== "header" || algorithm === "AWS") return;
  if (payload.kind !== "unsigned" && payload.kind !== "unsignedTrailer") return;
  throw new AwsError(
    "InvalidRequest",
    "A body that the signature does not cover is taken over TLS only: use https, or sign the body.",
  );
}

function payloadLine({ body }: AwsRequest, { payload }: Authorization): string {
  switch (payload.kind) {
    case "hash":
      return payload.hex;
    case "unsigned":
      return UNSIGNED_PAYLOAD;
    case "unsignedTrailer":
      return STREAMING_UNSIGNED_PAYLOAD_TRAILER;
    case "signedChunks":
    case "events":
      return payload.literal;
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

function verifiedBody(
  request: AwsRequest,
  seed: () => StreamSeed,
  { payload }: Authorization,
  { reserve }: Pick<VerifyOptions, "reserve">,
): VerifiedBody {
  const { body: bytes } = request;
  switch (payload.kind) {
    case "hash": {
      const { hex } = payload;
      if (bytes === undefined) return { kind: "stream", integrity: "hash", filter: () => hashFilter(hex) };
      const actual = sha256Hex(bytes);
      if (actual !== hex) throw contentMismatch(hex, actual);
      return { kind: "bytes", bytes, resigned: () => bytes };
    }
    case "unsignedTrailer": {
      const framing = announcedFraming(request);
      return filtered(bytes, "chunks", () => chunksFilter(framing));
    }
    case "signedChunks": {
      const options = { ...announcedFraming(request), trailer: payload.trailer, seed: seed(), reserve };
      return filtered(bytes, "signatures", (resign) => new SignedChunksFilter({ ...options, resign }));
    }
    case "events": {
      const inbound = seed();
      return filtered(bytes, "signatures", (resign) => new EventStreamFilter({ seed: inbound, resign, reserve }));
    }
    case "unsigned":
    case "collect":
      if (bytes === undefined) return { kind: "stream", integrity: "none", filter: passFilter };
      return { kind: "bytes", bytes, resigned: () => bytes };
  }
}

/** A body that a filter judges: now, if it is here. */
function filtered(
  bytes: Uint8Array | undefined,
  integrity: "chunks" | "signatures",
  filter: (resign?: Resign) => BodyFilter,
): VerifiedBody {
  if (bytes === undefined) return { kind: "stream", integrity, filter };
  const passed = (resign: Resign): Uint8Array => {
    const judge = filter(resign);
    return Buffer.concat([judge.push(bytes), judge.end()].filter((piece) => piece !== undefined));
  };
  passed(undefined);
  return { kind: "bytes", bytes, resigned: passed };
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
