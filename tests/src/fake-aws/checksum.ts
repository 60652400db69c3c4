import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";

/** The S3 checksum of that name (`crc32`, `crc32c`, `sha1`, `sha256`, `md5`) in base64; undefined for one we cannot compute. */
export function checksum(name: string, data: Buffer): string | undefined {
  switch (name) {
    case "crc32":
      return uint32(crc32(data));
    case "crc32c":
      return uint32(crc32c(data));
    case "sha1":
    case "sha256":
    case "md5":
      return createHash(name).update(data).digest("base64");
    default:
      return undefined;
  }
}

function uint32(value: number): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value >>> 0);
  return bytes.toString("base64");
}

/** CRC-32C (Castagnoli), RFC 3720 appendix B.4. */
function crc32c(data: Buffer): number {
  let crc = 0xffffffff;
  for (const byte of data) crc = (crc >>> 8) ^ (castagnoli[(crc ^ byte) & 0xff] as number);
  return crc ^ 0xffffffff;
}

const castagnoli = Uint32Array.from({ length: 256 }, (_, n) => {
  let value = n;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0x82f63b78 : value >>> 1;
  return value >>> 0;
});
