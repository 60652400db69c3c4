import { connect, type Socket } from "node:net";
import { isAwsHost } from "@iap/aws-core";
import { guardedLookup } from "./address-guard.ts";
import { type Authority, formatAuthority } from "./authority.ts";
import { readClientHello } from "./client-hello.ts";
import { openProxyTunnel } from "./proxy-tunnel.ts";
import type { UpstreamOptions } from "./upstream.ts";

export interface TunnelOptions extends UpstreamOptions {
  /** Called once the target has answered, before any byte passes. */
  readonly onConnected: () => void;
  /** Called when it cannot be reached, or the tunnel was cut because it hid an AWS host. */
  readonly onRefused: (error: Error, connected: boolean) => void;
}

/** The most bytes on the wire that are held while a ClientHello is incomplete. */
const maxHeldBytes = 32_768;

/**
 * Bytes passed blindly both ways, after one look: a TLS ClientHello that names an AWS host while the CONNECT target is
 * none would be a way round the proxy (domain fronting), and cuts the tunnel before it leaves. So does TLS that begins
 * with no readable ClientHello.
 */
export function tunnel(client: Socket, head: Uint8Array, target: Authority, options: TunnelOptions): void {
  const { limits, onConnected, onRefused } = options;
  let connected = false;
  const remote = open(target, options, {
    onOpen() {
      clearTimeout(timer);
      connected = true;
      onConnected();
      remote.pipe(client);
      inspect();
    },
    onFailed(error) {
      if (!connected && !client.destroyed) onRefused(error, false);
    },
  });
  const timer = setTimeout(() => {
    remote.destroy(new Error(`no connection to ${formatAuthority(target)} within ${limits.connectTimeoutMs / 1000} s`));
  }, limits.connectTimeoutMs);
  remote.once("close", (hadError) => {
    clearTimeout(timer);
    if (connected) part(client, hadError || !remote.readableEnded, limits.drainTimeoutMs);
  });
  client.once("close", (hadError) => {
    part(remote, hadError || !client.readableEnded || !connected, limits.drainTimeoutMs);
  });

  function inspect(): void {
    let seen = Buffer.from(head);
    const judge = (): void => {
      const hello = readClientHello(seen);
      if (hello === "incomplete" && seen.length <= maxHeldBytes) return;
      client.off("data", onData).off("end", onEnd);
      const fault = helloFault(hello, target.host);
      if (fault !== undefined) {
        onRefused(new Error(`a tunnel to ${target.host} ${fault}`), true);
        remote.destroy();
        client.destroy();
        return;
      }
      remote.write(seen);
      client.pipe(remote);
    };
    const onData = (chunk: Buffer): void => {
      seen = Buffer.concat([seen, chunk]);
      judge();
    };
    const onEnd = (): void => {
      remote.end(seen);
    };
    client.on("data", onData).on("end", onEnd);
    judge();
  }
}

/** The other end of a tunnel, by the way the options say. */
function open(
  { host, port }: Authority,
  { connectAddress, upstreamProxy, secureContext }: UpstreamOptions,
  { onOpen, onFailed }: { readonly onOpen: () => void; readonly onFailed: (error: Error) => void },
): Socket {
  const mapped = connectAddress?.(host, port);
  const proxy = mapped === undefined ? upstreamProxy?.(host, port) : undefined;
  if (proxy !== undefined) {
    const target = `${host}:${port}`;
    return openProxyTunnel(proxy, { target, secureContext, allowHalfOpen: true, onOpen, onFailed });
  }
  const socket = connect({ allowHalfOpen: true, noDelay: true, ...(mapped ?? { host, port, lookup: guardedLookup }) });
  return socket.once("connect", onOpen).on("error", onFailed);
}

/** What speaks against passing on the first bytes of a tunnel. */
function helloFault(hello: ReturnType<typeof readClientHello>, host: string): string | undefined {
  if (hello === "notTls") return undefined;
  if (typeof hello === "string") return "began with a TLS handshake that cannot be read";
  const { serverName } = hello;
  return serverName !== undefined &&
    serverName.toLowerCase() !== host &&
    isAwsHost(serverName.replace(/(?<!\.)\.+$/, ""))
    ? `carried a TLS handshake for ${serverName}`
    : undefined;
}

/** The other side is gone. If it ended in good order, what it sent is still delivered, for a bounded time. */
function part(socket: Socket, brokenOff: boolean, timeoutMs: number): void {
  if (brokenOff) {
    socket.destroy();
    return;
  }
  const timer = setTimeout(() => socket.destroy(), timeoutMs).unref();
  socket.once("close", () => clearTimeout(timer));
  socket.destroySoon();
}
