import type { CredentialScope } from "@iap/aws-core";

/** What a request says about who signed it, what for, when, and how. Nothing of it is proven. */
export interface Authorization {
  /** `header`: an `Authorization` header; `query`: a presigned URL. */
  readonly form: "header" | "query";
  readonly accessKeyId: string;
  readonly scope: CredentialScope;
  /** Lower-case names, sorted, each once, `host` (or `:authority`) among them. */
  readonly signedHeaders: readonly string[];
  /** 64 lower-case hex digits. */
  readonly signature: string;
  /** When it was signed. */
  readonly date: Date;
  /** The same as SigV4 writes it: `YYYYMMDDTHHMMSSZ`. */
  readonly amzDate: string;
  readonly sessionToken?: string | undefined;
  readonly payload: Payload;
  /** How long a presigned URL holds from `date`, in seconds. */
  readonly expiresSeconds?: number | undefined;
}

/** How the signature covers the body. */
export type Payload =
  /** By its SHA-256, stated up front. */
  | { readonly kind: "hash"; readonly hex: string }
  /** Not at all: TLS protects it. */
  | { readonly kind: "unsigned" }
  /** Not at all, and it comes in aws-chunked framing with trailers. */
  | { readonly kind: "unsignedTrailer" }
  /** By its SHA-256, which is not stated: the whole body is needed to judge the signature. */
  | { readonly kind: "collect" };
