import { inflateRawSync } from "node:zlib";

/** What a compressed body may grow to, in bytes. */
const maxInflated = 32 * 1024 * 1024;
const hasName = 8;

/**
 * The content of a gzip file of one member (RFC 1952) that is named at most; undefined for any other, and for one that grows past 32 MiB. Readers
 * differ on what follows a first member.
 */
export function gunzip(bytes: Uint8Array): Uint8Array | undefined {
  const flags = bytes[3] ?? 0xff;
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b || bytes[2] !== 8 || (flags & ~hasName) !== 0) return undefined;
  const start = flags === hasName ? bytes.indexOf(0, 10) + 1 : 10;
  try {
    // The types leave out what `info` adds.
    const { buffer, engine } = inflateRawSync(bytes.subarray(start), {
      maxOutputLength: maxInflated,
      info: true,
    }) as unknown as { readonly buffer: Buffer; readonly engine: { readonly bytesWritten: number } };
    // Its checksum and its length end it.
    return bytes.length - start - engine.bytesWritten === 8 ? buffer : undefined;
  } catch {
    return undefined;
  }
}
