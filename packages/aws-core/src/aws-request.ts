import type { Endpoint } from "./endpoint.ts";
import type { Headers } from "./headers.ts";

/** The head of a request as received from a client: nothing is decoded, normalised or reordered. */
export interface RequestHead {
  readonly httpVersion: "1.1" | "2";
  readonly method: string;
  /** The request target in origin form, byte for byte (latin1): `/bucket/k%2Fey?x-id=PutObject`. */
  readonly target: string;
  readonly headers: Headers;
  /** Where the client connected to (the CONNECT authority): lower-case host, default port left out. */
  readonly host: string;
}

/** A whole request; `body` is undefined while it streams. */
export interface AwsRequest extends RequestHead {
  readonly body: Uint8Array | undefined;
}

/** What a SigV4 credential scope says: `date/region/service/aws4_request`. A SigV4a scope has no region. */
export interface CredentialScope {
  /** `YYYYMMDD` */
  readonly date: string;
  readonly region: string;
  readonly service: string;
}

/** A request with the scope it was signed for and the endpoint it goes to: all that resolution needs. */
export interface ScopedRequest {
  readonly request: AwsRequest;
  readonly scope: CredentialScope;
  readonly endpoint: Endpoint;
}

declare const signed: unique symbol;

/** A head that carries upstream credentials' signature. Only `@iap/sigv4` makes one, and only one may be forwarded. */
export interface SignedHead extends RequestHead {
  readonly [signed]: true;
}
