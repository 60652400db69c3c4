import type { CredentialScope, RequestHead } from "@iap/aws-core";
import type { Algorithm, TokenHeader } from "@iap/sigv4";

/** What a request says about who signed it, what for, when, and how. Nothing of it is proven. */
export interface Authorization {
  /** `header`: an `Authorization` header; `query`: a presigned URL; `bearer`: one inside a bearer token; `form`: fields of an S3 POST. */
  readonly form: "header" | "query" | "bearer" | "form";
  /** `AWS` is S3's Signature Version 2. */
  readonly algorithm: Algorithm | "AWS";
  readonly accessKeyId: string;
  /** With SigV4a its region is empty; with Signature Version 2 it is that of the host. */
  readonly scope: CredentialScope;
  /** Lower-case names, sorted, each once, `host` (or `:authority`) among them. Empty for forms and Signature Version 2. */
  readonly signedHeaders: readonly string[];
  /** 64 lower-case hex digits; a DER signature in hex with SigV4a; base64 with Signature Version 2. */
  readonly signature: string;
  /** When it was signed. Of a URL presigned with Signature Version 2, which does not say, when it expires. */
  readonly date: Date;
  /** The same as SigV4 writes it: `YYYYMMDDTHHMMSSZ`. */
  readonly amzDate: string;
  readonly sessionToken?: string | undefined;
  /** Where the token stands, when not in `x-amz-security-token`: that of an S3 Express session. */
  readonly tokenHeader?: TokenHeader | undefined;
  readonly payload: Payload;
  /** How long a presigned URL holds from `date`, in seconds. */
  readonly expiresSeconds?: number | undefined;
  /** SigV4a: the regions it was signed for (`us-east-1`, `*`). */
  readonly regionSet?: string | undefined;
  /** A presigned URL that opens a WebSocket: it must stay one. */
  readonly webSocket?: true | undefined;
  /** What is signed, when it is not the request itself: the URL in a bearer token. */
  readonly covers?: RequestHead | undefined;
}

/** How the signature covers the body. */
export type Payload =
  /** By its SHA-256, stated up front. */
  | { readonly kind: "hash"; readonly hex: string }
  /** Not at all: TLS protects it. */
  | { readonly kind: "unsigned" }
  /** Not at all, and it comes in aws-chunked framing with trailers. */
  | { readonly kind: "unsignedTrailer" }
  /** Chunk by chunk, in aws-chunked framing; with `trailer`, its trailers too. */
  | { readonly kind: "signedChunks"; readonly trailer: boolean; readonly literal: string }
  /** Event by event. */
  | { readonly kind: "events"; readonly literal: string }
  /** By its SHA-256, which is not stated: the whole body is needed to judge the signature. */
  | { readonly kind: "collect" };
