import { isIP } from "node:net";

export interface UpstreamProxyInit {
  /** A name, or an address (IPv6 without brackets). It is the operator's word: its address is not guarded. */
  readonly host: string;
  readonly port: number;
  /** Whether TLS is spoken with the proxy itself (`https://` proxies). */
  readonly secure?: boolean | undefined;
  readonly user?: string | undefined;
  readonly password?: string | undefined;
}

/** Another proxy on the way upstream, which opens connections on CONNECT. Shows where it is, and never its password. */
export class UpstreamProxy {
  readonly host: string;
  readonly port: number;
  readonly secure: boolean;
  readonly #authorization: string | undefined;

  constructor({ host, port, secure = false, user, password = "" }: UpstreamProxyInit) {
    this.host = host;
    this.port = port;
    this.secure = secure;
    this.#authorization =
      user === undefined ? undefined : `Basic ${Buffer.from(`${user}:${password}`, "utf8").toString("base64")}`;
  }

  /** `proxy.example.com:3128`: where it is, for messages. */
  get where(): string {
    return `${isIP(this.host) === 6 ? `[${this.host}]` : this.host}:${this.port}`;
  }

  /** The head of the CONNECT request (RFC 9110 section 9.3.6) for a target, with Basic credentials (RFC 7617) if there are any. */
  connectHead(target: string): string {
    const credentials = this.#authorization === undefined ? "" : `Proxy-Authorization: ${this.#authorization}\r\n`;
    return `CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n${credentials}\r\n`;
  }
}
