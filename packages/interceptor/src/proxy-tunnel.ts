import { connect, isIP, type Socket } from "node:net";
import { type SecureContext, connect as tlsConnect } from "node:tls";
import { readConnectHead } from "./connect-head.ts";
import { explanation } from "./upstream-error.ts";
import type { UpstreamProxy } from "./upstream-proxy.ts";

export interface ProxyTunnelOptions {
  /** `host:port` to be connected to. */
  readonly target: string;
  /** What is trusted when TLS is spoken with the proxy. */
  readonly secureContext: SecureContext;
  readonly allowHalfOpen?: boolean | undefined;
  /** Called once the proxy has connected to the target: from now on the socket's bytes are the target's. */
  readonly onOpen: () => void;
  /** Called instead, with what to do; the socket is destroyed. Also when the caller destroys it first. */
  readonly onFailed: (error: UpstreamProxyError) => void;
}

/** Thrown when a proxy on the way does not open a connection. The message names the proxy, never its credentials. */
class UpstreamProxyError extends Error {
  override readonly name = "UpstreamProxyError";
  readonly code: string | undefined;

  /** `code`: `ERR_PROXY_REFUSED` where it said no, and will again. */
  constructor(message: string, { code, cause }: { readonly code?: string | undefined; readonly cause?: unknown } = {}) {
    super(message, { cause });
    this.code = code;
  }
}

/** A connection to a target through another proxy's CONNECT. The time it may take is the caller's to bound: destroy it. */
export function openProxyTunnel(proxy: UpstreamProxy, options: ProxyTunnelOptions): Socket {
  const { target, secureContext, allowHalfOpen = false, onOpen, onFailed } = options;
  const address = { host: proxy.host, port: proxy.port, allowHalfOpen, autoSelectFamily: true };
  const socket: Socket = proxy.secure
    ? tlsConnect({
        ...address,
        secureContext,
        // Whatever the environment says: the proxy's password is sent there.
        rejectUnauthorized: true,
        servername: isIP(proxy.host) === 0 ? proxy.host : "",
        ALPNProtocols: ["http/1.1"],
      })
    : connect(address);
  socket.setNoDelay(true);
  let head = Buffer.alloc(0);
  let settled = false;

  const settle = (error?: UpstreamProxyError): void => {
    if (settled) return;
    settled = true;
    socket.off("readable", onReadable).off("end", onEnd).off("close", onEnd);
    if (error === undefined) onOpen();
    else {
      socket.destroy();
      onFailed(error);
    }
  };
  const fail = (why: string, more?: { readonly code?: string | undefined; readonly cause?: unknown }): void =>
    settle(new UpstreamProxyError(`the proxy ${proxy.where} ${why}`, more));
  const onEnd = (): void => fail("closed the connection without an answer to CONNECT");
  const onReadable = (): void => {
    for (let chunk = socket.read() as Buffer | null; chunk !== null; chunk = socket.read() as Buffer | null) {
      head = Buffer.concat([head, chunk]);
      const answer = readConnectHead(head);
      if (answer === "incomplete") continue;
      if (answer === "notHttp") return fail("does not answer in HTTP/1; check its address and scheme in HTTPS_PROXY");
      if (answer === "tooLong") return fail("answered CONNECT with a head that is too long");
      if (answer.status >= 300)
        return fail(refusalText(answer.status, answer.reason, target), { code: refusalCode(answer.status) });
      if (answer.length < head.length) socket.unshift(head.subarray(answer.length));
      return settle();
    }
  };
  // For good: between one reader and the next a socket without a listener would end the process.
  socket.on("error", (error: NodeJS.ErrnoException) => fail(failureText(error), { cause: error }));
  socket.on("end", onEnd).on("close", onEnd);
  socket.once(proxy.secure ? "secureConnect" : "connect", () => {
    socket.on("readable", onReadable);
    socket.write(proxy.connectHead(target), "latin1");
  });
  return socket;
}

function failureText(error: NodeJS.ErrnoException): string {
  const { code, message, reason = message } = error as NodeJS.ErrnoException & { readonly reason?: string };
  if (code === "ENOTFOUND" || code === "EAI_AGAIN")
    return "was not found: its name does not resolve; check HTTPS_PROXY";
  if (code === "EPROTO" || code?.startsWith("ERR_SSL")) {
    return `could not be used: TLS with it failed (${reason.trim()}); if it speaks none, name it with http:// in HTTPS_PROXY`;
  }
  return `could not be used: ${explanation(error)}`;
}

/** What it answers is so until somebody changes something, unless it is at fault itself, or has no time now (RFC 9110 section 15). */
function refusalCode(status: number): string | undefined {
  return status < 500 && status !== 408 && status !== 429 ? "ERR_PROXY_REFUSED" : undefined;
}

function refusalText(status: number, reason: string, target: string): string {
  const said = `answered CONNECT with ${status}${reason === "" ? "" : ` ${reason.replace(/[^\x20-\x7e]/g, "?")}`}`;
  switch (status) {
    case 407:
      return `${said}: it wants other credentials; give USER:PASSWORD@ before the host in HTTPS_PROXY (only Basic is spoken)`;
    case 403:
      return `${said}: it does not let connections to ${target} pass; ask for that, or name the host in NO_PROXY`;
    case 502:
    case 503:
    case 504:
      return `${said}: it could not reach ${target}`;
    default:
      return `${said}; check that it allows CONNECT to ${target}`;
  }
}
