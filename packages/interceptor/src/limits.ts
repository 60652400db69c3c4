/** Bounds on what a client or an upstream may take. Times in milliseconds, sizes in bytes. */
export interface Limits {
  /** Open client connections; further ones are closed at once. */
  readonly maxConnections: number;
  /** The head of a request, on the listener and inside tunnels, and of upstream's answer: session tokens and presigned URLs are long. */
  readonly maxHeaderBytes: number;
  /** From a connection's beginning to the end of its CONNECT head, and to that of the first request head inside; from the first byte of each further one. */
  readonly headersTimeoutMs: number;
  /** The client's TLS handshake inside a tunnel. */
  readonly handshakeTimeoutMs: number;
  /** How long a request body may stand still. */
  readonly bodyIdleTimeoutMs: number;
  /** How long an intercepted connection may idle between requests. */
  readonly keepAliveTimeoutMs: number;
  /** Connecting and TLS to the upstream. */
  readonly connectTimeoutMs: number;
  /** Silence of the upstream while an answer is due. Longer than Lambda's 15 minutes. */
  readonly upstreamIdleTimeoutMs: number;
  /** How long an idle upstream connection is kept for reuse. */
  readonly upstreamKeepAliveMs: number;
  /** How long a client may go on sending a body that is no longer wanted. */
  readonly drainTimeoutMs: number;
  /** How long nothing may pass on a connection that left HTTP (WebSocket). Longer than the longest MQTT keep-alive of AWS IoT (30 minutes). */
  readonly upgradeIdleTimeoutMs: number;
  /** HTTP/2: streams of one client connection at a time. Twice as many handlers may run, for those whose stream was reset. */
  readonly maxStreams: number;
  /** HTTP/2: header lines of one request; their bytes are bounded by `maxHeaderBytes`. */
  readonly maxHeaderLines: number;
  /** HTTP/2: how long a client may take nothing of an answer that is there for it (its windows are full, or it does not read). */
  readonly answerIdleTimeoutMs: number;
  /** HTTP/2: unanswered streams that one client connection may reset at once, and ten more each second. */
  readonly maxResets: number;
  /** HTTP/2: PING and SETTINGS frames that one client connection may send at once, and ten more each second. */
  readonly maxControlFrames: number;
}

export const defaultLimits: Limits = {
  maxConnections: 20_000,
  // 64 KB of headers, and the lines around them.
  maxHeaderBytes: 81_920,
  headersTimeoutMs: 20_000,
  handshakeTimeoutMs: 10_000,
  bodyIdleTimeoutMs: 120_000,
  keepAliveTimeoutMs: 300_000,
  connectTimeoutMs: 10_000,
  upstreamIdleTimeoutMs: 1_000_000,
  upstreamKeepAliveMs: 20_000,
  drainTimeoutMs: 60_000,
  upgradeIdleTimeoutMs: 2_100_000,
  maxStreams: 100,
  maxHeaderLines: 512,
  answerIdleTimeoutMs: 300_000,
  maxResets: 200,
  maxControlFrames: 100,
};
