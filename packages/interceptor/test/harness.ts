import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TLSSocket, connect as tlsConnect } from "node:tls";
import type { SignedHead } from "@iap/aws-core";
import { CertificateAuthority } from "@iap/ca-manager";
import { afterAll, beforeAll, onTestFinished, vi } from "vitest";
import {
  type BodyFilter,
  type Exchange,
  type ForwardOptions,
  type ForwardResult,
  Interceptor,
  type InterceptorEvent,
  type InterceptorOptions,
} from "../src/index.ts";
import { Wire } from "./wire.ts";

export const host = "s3.us-east-1.amazonaws.com";

// Real sockets on a machine that may be busy: tests wait for events, not for the clock.
vi.setConfig({ testTimeout: 30_000 });

const dir = mkdtempSync(join(tmpdir(), "interceptor-"));
/** Where a test may open certificate authorities of its own. */
export const authorityDir: string = dir;
export let authority: CertificateAuthority;

beforeAll(async () => {
  authority = await openAuthority("ours");
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

export function openAuthority(name: string): Promise<CertificateAuthority> {
  return CertificateAuthority.open({ dir: join(dir, name), permittedDnsSuffixes: ["amazonaws.com"] });
}

/** A server of raw connections; each is handed out once, in the order of arrival. */
export class Upstream {
  readonly port: number;
  readonly connections: Wire[] = [];
  readonly #server: Server;
  #taken = 0;

  private constructor(server: Server, port: number) {
    this.#server = server;
    this.port = port;
  }

  /** `certified`: the host its certificate names; undefined: no TLS. `ALPNProtocols`: what it lets clients choose from. */
  static async start(
    certified?: string,
    signer: CertificateAuthority = authority,
    ALPNProtocols?: string[],
  ): Promise<Upstream> {
    const secureContext = certified === undefined ? undefined : await signer.secureContext(certified);
    const server = createServer({ allowHalfOpen: true, noDelay: true }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const upstream = new Upstream(server, (server.address() as { port: number }).port);
    server.on("connection", (raw) => {
      const socket =
        secureContext === undefined
          ? raw
          : new TLSSocket(raw, { isServer: true, secureContext, ...(ALPNProtocols && { ALPNProtocols }) });
      upstream.connections.push(new Wire(socket, raw));
    });
    onTestFinished(() => upstream.close());
    return upstream;
  }

  /** The next connection. */
  async connection(): Promise<Wire> {
    const mine = this.#taken++;
    await eventually(() => this.connections.length > mine, `connection ${mine + 1} to upstream`);
    return this.connections[mine] as Wire;
  }

  close(): void {
    this.#server.close();
    for (const { raw } of this.connections) raw.destroy();
  }
}

export interface ProxyOptions extends Partial<InterceptorOptions> {
  readonly upstreamPort?: number;
  readonly forward?: Partial<ForwardOptions>;
}

export interface Proxy {
  readonly interceptor: Interceptor;
  readonly port: number;
  readonly events: InterceptorEvent[];
  /** How the default handler's forwards ended. */
  readonly results: ForwardResult[];
  readonly errors: Error[];
}

/** An interceptor whose handler forwards, and answers 502 with the message of what is thrown. */
export async function startProxy({ upstreamPort, forward, ...options }: ProxyOptions = {}): Promise<Proxy> {
  const events: InterceptorEvent[] = [];
  const results: ForwardResult[] = [];
  const errors: Error[] = [];
  const interceptor = new Interceptor({
    tunnel: "allow",
    secureContext: (name) => authority.secureContext(name),
    ca: [authority.rootCertificate],
    connectAddress: () => (upstreamPort === undefined ? undefined : { host: "127.0.0.1", port: upstreamPort }),
    onEvent: (event) => events.push(event),
    handle: async (exchange) => {
      try {
        results.push(await exchange.forward(signed(exchange), { body: streamed(exchange), ...forward }));
      } catch (error) {
        errors.push(error as Error);
        await exchange.respond({ status: 502, headers: [], body: Buffer.from((error as Error).message) });
      }
    },
    ...options,
  });
  const port = await interceptor.listen({ hosts: ["127.0.0.1"], port: 0 });
  onTestFinished(() => interceptor.close({ graceMs: 0 }));
  return { interceptor, port, events, results, errors };
}

/** Only a signer makes signed heads; these tests judge the transport alone. */
export function signed({ head }: Exchange): SignedHead {
  return head as SignedHead;
}

export const passThrough: BodyFilter = { push: (chunk) => chunk, end: () => undefined };

export function streamed({ contentLength }: Exchange): ForwardOptions["body"] {
  return contentLength === 0 ? new Uint8Array() : passThrough;
}

/** A plain connection to a port of this machine. */
export async function dial(port: number): Promise<Wire> {
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true, noDelay: true });
  const wire = new Wire(socket, socket);
  await once(socket, "connect");
  onTestFinished(() => void socket.destroy());
  return wire;
}

/** A connection on which CONNECT was answered. */
export async function connectTo(port: number, target: string): Promise<Wire> {
  const wire = await dial(port);
  wire.write(`CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n\r\n`);
  const { start } = await wire.message({ bodiless: true });
  if (!start.startsWith("HTTP/1.1 200 ")) throw new Error(`${start}\n${wire.text}`);
  return wire;
}

/** A connection to `host` on which TLS stands. */
export async function intercepted(port: number): Promise<Wire> {
  const plain = await connectTo(port, `${host}:443`);
  return secured(plain.detach());
}

export async function secured(raw: Socket, servername: string = host): Promise<Wire> {
  const socket = tlsConnect({ socket: raw, servername, ca: authority.rootCertificate, ALPNProtocols: ["http/1.1"] });
  const wire = new Wire(socket, raw);
  await once(socket, "secureConnect");
  return wire;
}

/** A proxy before a raw upstream, and a client inside a tunnel. */
export async function trio(options: ProxyOptions = {}): Promise<Proxy & { upstream: Upstream; client: Wire }> {
  const upstream = await Upstream.start(host);
  const proxy = await startProxy({ upstreamPort: upstream.port, ...options });
  return { ...proxy, upstream, client: await intercepted(proxy.port) };
}

/** Waits until something holds, however long the machine takes, but not for ever. */
export async function eventually(holds: () => boolean, what: string, ms = 10_000): Promise<void> {
  const end = Date.now() + ms;
  while (!holds()) {
    if (Date.now() > end) throw new Error(`waited in vain for ${what}`);
    await delay(5);
  }
}

export function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
