import type { Endpoint, Headers } from "@iap/aws-core";

/** A request whose signature was found right, as a service of the fake AWS gets it. */
export interface FakeServiceRequest {
  readonly endpoint: Endpoint;
  readonly method: string;
  /** Percent-encoded, as it arrived. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: Headers;
  readonly body: Buffer;
}

export interface FakeServiceAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: string | Buffer;
}

/** What answers for one service of AWS. */
export type FakeService = (request: FakeServiceRequest) => FakeServiceAnswer;
