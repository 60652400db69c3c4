import { randomBytes } from "node:crypto";
import type { RealCredentials } from "./fake-aws/signature-oracle.ts";

/** Real-looking keys of a role session, new in each run: what the proxy holds, and what must never be seen elsewhere. */
export function sessionCredentials(): RealCredentials {
  return {
    accessKeyId: `ASIA${base32(16)}`,
    secretAccessKey: `${randomBytes(28).toString("base64").replace(/=/g, "")}/+`.padEnd(40, "k").slice(-40),
    sessionToken: `FwoGZXIvYXdzE${randomBytes(240).toString("base64")}`,
  };
}

function base32(length: number): string {
  return Array.from(randomBytes(length), (byte) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[byte & 31]).join("");
}
