import type { Socket } from "node:net";
import { type SecureContext, TLSSocket } from "node:tls";

export interface TerminateTlsOptions {
  /** The one name a handshake may ask for. */
  readonly host: string;
  readonly context: SecureContext;
  readonly handshakeTimeoutMs: number;
  /** Whether HTTP/2 is offered beside HTTP/1.1. */
  readonly offerHttp2: boolean;
  readonly onSecured: (secure: TLSSocket) => void;
  /** The handshake failed, or the client ended the connection; called more than once. */
  readonly onEnded: (reason: string) => void;
}

/** Ends a client's TLS on a socket whose first bytes, `head`, were read already. */
export function terminateTls(
  socket: Socket,
  head: Buffer,
  { host, context, handshakeTimeoutMs, offerHttp2, onSecured, onEnded }: TerminateTlsOptions,
): void {
  if (head.length > 0) socket.unshift(head);
  const secure = new TLSSocket(socket, {
    isServer: true,
    secureContext: context,
    ALPNProtocols: offerHttp2 ? ["h2", "http/1.1"] : ["http/1.1"],
    minVersion: "TLSv1.2",
    // Asked only for a ClientHello that names a host; without one the context above serves.
    SNICallback: (name, callback) =>
      name.toLowerCase() === host
        ? callback(null, context)
        : callback(new Error(`the TLS handshake is for ${name}, the tunnel for ${host}`)),
  });
  let secured = false;
  const timer = setTimeout(() => {
    onEnded("it took too long");
    socket.destroy();
  }, handshakeTimeoutMs);
  secure.once("secure", () => {
    secured = true;
    clearTimeout(timer);
    secure.setNoDelay(true);
    onSecured(secure);
  });
  secure.on("error", (error: NodeJS.ErrnoException) => {
    // What HTTP/2 has against its connection it tells by itself.
    if (!error.code?.startsWith("ERR_HTTP2_")) onEnded(handshakeReason(error));
    socket.destroy();
  });
  // After the handshake Node tells broken records this way only, and leaves the connection open.
  secure.on("_tlsError", () => secured && socket.destroy());
  secure.once("end", () => {
    // Some clients look at the certificate only once the handshake is over, and give no reason.
    onEnded("the client left before it sent a request; it may not trust the proxy's certificate authority");
    // Nobody else would, before the handshake is over: the descriptor would stay behind in CLOSE_WAIT.
    if (!secured) secure.end();
  });
  secure.once("close", () => {
    clearTimeout(timer);
    socket.destroy();
  });
  socket.once("close", () => secure.destroy());
}

function handshakeReason(error: NodeJS.ErrnoException): string {
  return /unknown ca|bad certificate|certificate unknown/i.test(error.message)
    ? "the client does not trust the proxy's certificate authority"
    : error.message;
}
