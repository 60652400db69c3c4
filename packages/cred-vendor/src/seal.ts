import { createCipheriv, createDecipheriv, hkdfSync, type KeyObject, randomBytes } from "node:crypto";

/** What a session token says to who holds the install key. */
export interface SealedKey {
  readonly agent: string;
  readonly session: string;
  readonly secret: string;
  /** Whole seconds. */
  readonly notAfter: Date;
  readonly upstream: string;
  readonly parent?: string | undefined;
}

/** Seals and opens session tokens: AES-256-GCM, with the access key id as additional authenticated data. */
export interface TokenSeal {
  /** A token of letters, digits, `-` and `_`, 340 characters or more, as STS's have. */
  seal(accessKeyId: string, key: SealedKey): string;
  /** What was sealed for this access key id; undefined for anything else, whatever is wrong with it. */
  open(accessKeyId: string, token: string): SealedKey | undefined;
}

/** The seal of an installation. The key that encrypts is derived from the install key, for this purpose alone. */
export function tokenSeal(installKey: KeyObject): TokenSeal {
  const key = Buffer.from(hkdfSync("sha256", installKey, "", "iam-agent-proxy session token v1", 32));
  const additionalData = (accessKeyId: string): Buffer => Buffer.from(accessKeyId, "utf8");
  return {
    seal(accessKeyId, { notAfter, ...names }) {
      const iv = randomBytes(ivBytes);
      const cipher = createCipheriv("aes-256-gcm", key, iv, { authTagLength: tagBytes });
      cipher.setAAD(additionalData(accessKeyId));
      const text = JSON.stringify({ v: 1, ...names, notAfter: Math.floor(notAfter.getTime() / 1000) });
      // Padded in steps, so that a token's length says little about the names in it.
      const plain = text.padEnd(text.length + paddingFor(Buffer.byteLength(text)), " ");
      const sealed = Buffer.concat([cipher.update(plain, "utf8"), cipher.final()]);
      return Buffer.concat([Buffer.of(formatVersion), iv, sealed, cipher.getAuthTag()]).toString("base64url");
    },
    open(accessKeyId, token) {
      if (token.length > maxTokenLength) return undefined;
      const bytes = Buffer.from(token, "base64url");
      if (bytes.length < 1 + ivBytes + tagBytes || bytes[0] !== formatVersion) return undefined;
      // Node ignores what is not base64; a token has one spelling only.
      if (bytes.toString("base64url") !== token) return undefined;
      const decipher = createDecipheriv("aes-256-gcm", key, bytes.subarray(1, 1 + ivBytes), {
        authTagLength: tagBytes,
      });
      decipher.setAAD(additionalData(accessKeyId));
      decipher.setAuthTag(bytes.subarray(bytes.length - tagBytes));
      const head = decipher.update(bytes.subarray(1 + ivBytes, bytes.length - tagBytes));
      try {
        return parse(Buffer.concat([head, decipher.final()]).toString("utf8"));
      } catch {
        // The tag does not match: the token is not ours, not this key's, or altered.
        return undefined;
      }
    },
  };
}

const formatVersion = 1;
const ivBytes = 12;
const tagBytes = 16;
const minPlainBytes = 226;
const paddingStep = 48;
/** Far above any token we seal, far below what a header may hold. */
const maxTokenLength = 8192;

function paddingFor(bytes: number): number {
  const steps = Math.max(0, Math.ceil((bytes - minPlainBytes) / paddingStep));
  return minPlainBytes + steps * paddingStep - bytes;
}

function parse(text: string): SealedKey | undefined {
  // `as`: the tag says that seal() wrote it, an object; another version of it perhaps, so its members are looked at.
  const sealed = JSON.parse(text) as Readonly<Record<string, unknown>>;
  const { v, agent, session, secret, notAfter, upstream, parent } = sealed;
  if (v !== 1 || typeof agent !== "string" || typeof session !== "string" || typeof secret !== "string")
    return undefined;
  if (typeof notAfter !== "number" || !Number.isSafeInteger(notAfter) || typeof upstream !== "string") return undefined;
  if (parent !== undefined && typeof parent !== "string") return undefined;
  return { agent, session, secret, notAfter: new Date(notAfter * 1000), upstream, ...(parent && { parent }) };
}
