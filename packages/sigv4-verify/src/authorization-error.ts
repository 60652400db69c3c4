import { AwsError } from "@iap/aws-core";

/** The error of an authorization that is wrong, or that can be read in two ways. */
export function malformed(what: string): AwsError {
  return new AwsError("MalformedAuthorization", `The request's authorization is malformed: ${what}.`);
}

/** The error of a request that is signed in two ways at once. */
export function multiple(what: string): AwsError {
  return new AwsError("MultipleAuthentication", `Only one auth mechanism allowed: the request has ${what}.`);
}

/** The error of a credential that is not the proxy's to judge. */
export function foreign(what: string): AwsError {
  return new AwsError(
    "UnknownAccessKey",
    `${what} is not a credential this proxy vended, and nothing is signed for it. Use the agent's credentials (profile iam-agent-proxy).`,
  );
}
