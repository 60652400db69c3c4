import { AUTH_PARAMETERS, type QueryParameter } from "@iap/sigv4";
import { malformed } from "./authorization-error.ts";

/** The presigned URL's own parameters, by name, with raw values. Throws when one is repeated or in another case than AWS's. */
export function presignedParameters(parameters: readonly QueryParameter[]): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const { name, rawValue } of parameters) {
    if (AUTH_PARAMETERS.has(name)) {
      if (found.has(name)) throw malformed(`the query parameter ${name} is repeated`);
      found.set(name, rawValue);
    } else if (AUTH_PARAMETERS_LOWER.has(name.toLowerCase())) {
      throw malformed(`the query parameter ${name} is not in the case AWS writes it in`);
    }
  }
  return found;
}

const AUTH_PARAMETERS_LOWER: ReadonlySet<string> = new Set([...AUTH_PARAMETERS].map((name) => name.toLowerCase()));
