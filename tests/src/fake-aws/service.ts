/** A verified request, as a service of the fake AWS gets it. */
export interface ServiceRequest {
  readonly method: string;
  readonly host: string;
  /** Percent-encoded, as it arrived. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
  /** The payload: `aws-chunked` and `Content-Encoding: gzip` are taken off. */
  readonly body: Buffer;
  readonly region: string;
  readonly account: string;
}

export interface ServiceAnswer {
  /** The operation that was recognised: `PutObject`. */
  readonly operation: string;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** What answers for one service of AWS. */
export type Service = (request: ServiceRequest) => ServiceAnswer;

/** What ends an operation: rendered by the service in its own wire form. */
export class ServiceError extends Error {
  readonly status: number;
  readonly code: string;
  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}
