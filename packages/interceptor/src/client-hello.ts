/**
 * What the first bytes of a connection say of TLS: wait for more, no TLS, a ClientHello with or without a server name,
 * or TLS that begins with none that can be read.
 */
export type ClientHello = "incomplete" | "notTls" | "malformed" | { readonly serverName: string | undefined };

/** The most bytes a ClientHello may have: many times those of the longest in use. */
const maxHelloBytes = 16_384;

/**
 * Reads the server name (RFC 6066 section 3) out of the TLS ClientHello (RFC 8446 section 4.1.2) at the start of `bytes`,
 * which may be split over several records. What is TLS by its first two bytes and then breaks the form is `malformed`:
 * another reader might find a name in it.
 */
export function readClientHello(bytes: Uint8Array): ClientHello {
  const handshake = handshakeBytes(bytes);
  if (typeof handshake === "string") return handshake;
  const body = new Reader(handshake.subarray(4));
  if (!body.take(2 + 32) || !body.vector(1) || !body.vector(2) || !body.vector(1)) return "malformed";
  if (body.left === 0) return { serverName: undefined };
  const extensions = body.vector(2);
  if (extensions === undefined) return "malformed";
  const list = new Reader(extensions);
  let serverName: string | undefined;
  while (list.left > 0) {
    const type = list.number(2);
    const data = list.vector(2);
    if (type === undefined || data === undefined) return "malformed";
    if (type !== 0) continue;
    const name = hostName(data);
    if (name === undefined || serverName !== undefined) return "malformed";
    serverName = name;
  }
  return { serverName };
}

/** The one host_name of a server_name extension. */
function hostName(extension: Uint8Array): string | undefined {
  const outer = new Reader(extension);
  const names = new Reader(outer.vector(2) ?? new Uint8Array());
  const kind = names.number(1);
  const name = names.vector(2);
  if (kind !== 0 || name === undefined || names.left > 0 || outer.left > 0) return undefined;
  return Buffer.from(name).toString("latin1").toLowerCase();
}

/** The first handshake message with its head of four bytes, its records joined. */
function handshakeBytes(bytes: Uint8Array): Uint8Array | "incomplete" | "notTls" | "malformed" {
  const message = new Uint8Array(Math.min(bytes.length, 4 + maxHelloBytes));
  let have = 0;
  for (let at = 0; ; ) {
    const [type, major] = bytes.subarray(at, at + 2);
    // Content types 20 to 24 of protocol version 3.x are TLS; only 22, a handshake, can begin it.
    if (at === 0 && ((type !== undefined && (type < 20 || type > 24)) || (major !== undefined && major !== 3)))
      return "notTls";
    if (bytes.length < at + 5) return "incomplete";
    const length = ((bytes[at + 3] as number) << 8) | (bytes[at + 4] as number);
    if (type !== 22 || major !== 3 || length === 0 || length > 16_384) return "malformed";
    const record = bytes.subarray(at + 5, at + 5 + length);
    const taken = record.subarray(0, message.length - have);
    message.set(taken, have);
    have += taken.length;
    if (have > 0 && message[0] !== 1) return "malformed";
    if (have >= 4) {
      const need = 4 + new DataView(message.buffer).getUint32(0) - 0x01_00_00_00;
      if (need > 4 + maxHelloBytes) return "malformed";
      if (have >= need) return message.subarray(0, need);
    }
    if (record.length < length) return "incomplete";
    at += 5 + length;
  }
}

class Reader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }

  take(length: number): Uint8Array | undefined {
    if (this.left < length) return undefined;
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  number(size: number): number | undefined {
    return this.take(size)?.reduce((sum, byte) => sum * 256 + byte, 0);
  }

  /** A vector with a length prefix of `size` bytes. */
  vector(size: number): Uint8Array | undefined {
    const length = this.number(size);
    return length === undefined ? undefined : this.take(length);
  }
}
