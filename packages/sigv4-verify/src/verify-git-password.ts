import { type AgentKey, headerValues, type KeyRing, type RequestHead } from "@iap/aws-core";
import {
  ALGORITHM,
  GIT_SERVICE,
  type GitRepository,
  gitStringToSign,
  keyFor,
  parseAmzDate,
  type SigningKeys,
  verifySignatureOf,
} from "@iap/sigv4";
import { authenticate } from "./authenticate.ts";
import type { Authorization } from "./authorization.ts";
import { malformed, multiple } from "./authorization-error.ts";
import { mismatch } from "./verify-signature.ts";

export interface VerifyGitPasswordOptions {
  /** Whose passwords count. */
  readonly keys: KeyRing;
  /** The instant to judge by. */
  readonly now: Date;
  /** Keys derived before; without it, a key is derived for this password alone. */
  readonly signingKeys?: SigningKeys | undefined;
}

/**
 * The user name and password of a request (RFC 7617), as git sends them; undefined when it brings none. Throws
 * `MultipleAuthentication` for two, `MalformedAuthorization` for what is not Basic authentication.
 */
export function readBasicPassword(
  head: RequestHead,
): { readonly username: string; readonly password: string } | undefined {
  const values = headerValues(head.headers, "authorization");
  if (values.length === 0) return undefined;
  if (values.length > 1) throw multiple("two Authorization headers");
  const [, encoded] = /^\s*basic +([A-Za-z0-9+/]+={0,2})\s*$/i.exec(values[0] as string) ?? [];
  const text = Buffer.from(encoded ?? "", "base64").toString("latin1");
  const colon = text.indexOf(":");
  if (encoded === undefined || colon < 0) throw malformed("it is not the Basic authentication that git is to use here");
  return { username: text.slice(0, colon), password: text.slice(colon + 1) };
}

/** How long CodeCommit takes a password, and how far ahead a clock may be. */
const VALID_MS = 15 * 60_000;

/**
 * Verifies that an agent key made this user name and password for a repository of CodeCommit. Throws the same `AwsError`s
 * as `verify`: `MalformedAuthorization`, `UnknownAccessKey`, `ExpiredToken`, `RequestTimeTooSkewed`, `SignatureDoesNotMatch`.
 */
export function verifyGitPassword(
  { username, password }: { readonly username: string; readonly password: string },
  repository: GitRepository,
  { keys, now, signingKeys }: VerifyGitPasswordOptions,
): { readonly key: AgentKey; readonly authorization: Authorization } {
  const percent = username.indexOf("%");
  const accessKeyId = percent < 0 ? username : username.slice(0, percent);
  const parts = /^(\d{8}T\d{6}Z)([0-9a-f]{64})$/.exec(password);
  const [, amzDate = "", signature = ""] = parts ?? [];
  const date = parseAmzDate(amzDate);
  if (date === undefined || !/^[A-Za-z0-9]{16,128}$/.test(accessKeyId)) {
    throw malformed("the user name and password are not those that CodeCommit's credential helpers make");
  }
  const authorization: Authorization = {
    form: "header",
    algorithm: ALGORITHM,
    accessKeyId,
    scope: { date: amzDate.slice(0, 8), region: repository.region, service: GIT_SERVICE },
    signedHeaders: ["host"],
    signature,
    date,
    amzDate,
    sessionToken: percent < 0 ? undefined : username.slice(percent + 1),
    payload: { kind: "unsigned" },
  };
  const key = authenticate(authorization, { keys, now, maxSkewMs: VALID_MS });
  const toSign = gitStringToSign(repository, amzDate);
  const derived = keyFor(key.credentials, authorization.scope, ALGORITHM, signingKeys);
  if (!verifySignatureOf(derived, toSign, signature)) throw mismatch(authorization, toSign);
  return { key, authorization };
}
