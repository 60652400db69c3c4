import { AwsError } from "@iap/aws-core";

/** The error of an authorization that is wrong, or that can be read in two ways. */
export function malformed(what: string): AwsError {
  return new AwsError("MalformedAuthorization", `The request's authorization is malformed: ${what}.`);
}

/** The error of a signing form that is recognised and not supported, with what to do instead. */
export function notImplemented(form: string, remedy: string): AwsError {
  return new AwsError("NotImplemented", `The proxy does not support ${form} yet; ${remedy}.`);
}
