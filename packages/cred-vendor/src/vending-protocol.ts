/**
 * What the vending socket speaks: one line of JSON each way, then the connection ends.
 *
 *     {"version":1,"verb":"credentials"}
 *     {"version":1,"result":{...}}  or  {"version":1,"error":{"code":"...","message":"..."}}
 */
export const protocolVersion = 1;

/** Longest request line, and longest answer, in bytes. */
export const maxRequestBytes = 4096;
export const maxAnswerBytes = 65_536;

/** A request's members; `verb` says what is asked for, the others are the verb's own. */
export type VendingRequest = Readonly<Record<string, unknown>> & { readonly verb: string };

/** Codes of the protocol itself; a verb may add its own. */
export type VendingErrorCode =
  | "badRequest"
  | "unsupportedVersion"
  | "unknownVerb"
  | "requestTooLong"
  | "timeout"
  | "busy"
  | "internal";

/** What a verb throws to answer with a code and a message of its own. Anything else it throws is answered `internal`. */
export class VerbError extends Error {
  override readonly name = "VerbError";
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** The output of an AWS `credential_process`, with AWS's names; `Expiration` is ISO 8601 in UTC. */
export interface CredentialProcessOutput {
  readonly Version: 1;
  readonly AccessKeyId: string;
  readonly SecretAccessKey: string;
  readonly SessionToken: string;
  readonly Expiration: string;
}

/** The members of a request line; throws `VerbError` when it is not one. */
export function parseRequest(line: string): VendingRequest {
  const value = parseObject(line);
  if (value === undefined) throw new VerbError("badRequest", "The request is not a JSON object on one line.");
  if (value.version !== protocolVersion) {
    throw new VerbError("unsupportedVersion", `This proxy speaks version ${protocolVersion}: update it or its client.`);
  }
  const { verb } = value;
  if (typeof verb !== "string") throw new VerbError("badRequest", "The request names no verb.");
  return { ...value, verb };
}

/** The answer of a verb, or the error it came to. */
export type VendingAnswer =
  | { readonly result: unknown }
  | { readonly error: { readonly code: string; readonly message: string } };

/** An answer line's content; undefined when it is none. */
export function parseAnswer(line: string): VendingAnswer | undefined {
  const value = parseObject(line);
  if (value?.version !== protocolVersion) return undefined;
  if (!("error" in value)) return "result" in value ? { result: value.result } : undefined;
  const error = value.error;
  if (typeof error !== "object" || error === null || !("code" in error) || !("message" in error)) return undefined;
  const { code, message } = error;
  return typeof code === "string" && typeof message === "string" ? { error: { code, message } } : undefined;
}

/** The credentials in a result; undefined when anything is missing or of another form. */
export function parseCredentials(result: unknown): CredentialProcessOutput | undefined {
  if (typeof result !== "object" || result === null) return undefined;
  const { Version, AccessKeyId, SecretAccessKey, SessionToken, Expiration } = result as Readonly<
    Record<string, unknown>
  >;
  if (Version !== 1 || !isText(AccessKeyId) || !isText(SecretAccessKey) || !isText(SessionToken)) return undefined;
  if (!isText(Expiration) || Number.isNaN(Date.parse(Expiration))) return undefined;
  return { Version, AccessKeyId, SecretAccessKey, SessionToken, Expiration };
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}

function parseObject(line: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}
