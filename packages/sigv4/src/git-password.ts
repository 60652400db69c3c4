import type { Credentials, RequestHead, SignedHead } from "@iap/aws-core";
import { ALGORITHM } from "./algorithm.ts";
import { formatAmzDate } from "./amz-date.ts";
import { formatCredentialScope } from "./credential-scope.ts";
import { headerName } from "./header-policy.ts";
import { keyFor } from "./signer-key.ts";
import { signature } from "./signing-key.ts";
import type { SigningKeys } from "./signing-keys.ts";
import { stringToSign } from "./string-to-sign.ts";

/** The service that CodeCommit's git endpoints are signed for. */
export const GIT_SERVICE = "codecommit";

/** The repository that a password opens. */
export interface GitRepository {
  /** `git-codecommit.us-east-1.amazonaws.com`, without a port. */
  readonly host: string;
  /** `/v1/repos/NAME` */
  readonly path: string;
  readonly region: string;
}

export interface GitPasswordOptions {
  readonly credentials: Credentials;
  readonly now: Date;
  readonly signingKeys?: SigningKeys | undefined;
}

/**
 * The user name and password with which git signs in to CodeCommit over HTTPS, as `aws codecommit credential-helper`
 * and git-remote-codecommit make them: access key id and session token, divided by `%`; the time, and the signature of a
 * request of method `GIT` that has no body line. CodeCommit takes them for 15 minutes.
 */
export function gitPassword(
  repository: GitRepository,
  { credentials, now, signingKeys }: GitPasswordOptions,
): { readonly username: string; readonly password: string } {
  const amzDate = formatAmzDate(now);
  const scope = { date: amzDate.slice(0, 8), region: repository.region, service: GIT_SERVICE };
  const key = keyFor(credentials, scope, ALGORITHM, signingKeys);
  const { accessKeyId, sessionToken } = credentials;
  return {
    username: sessionToken === undefined ? accessKeyId : `${accessKeyId}%${sessionToken}`,
    password: `${amzDate}${signature(key, gitStringToSign(repository, amzDate))}`,
  };
}

/** The head of a request of git's with the password for its repository in place of the one it came with. */
export function signGitRequest(head: RequestHead, repository: GitRepository, options: GitPasswordOptions): SignedHead {
  const { username, password } = gitPassword(repository, options);
  const headers = head.headers.filter(([received]) => {
    const { fate } = headerName(received);
    return fate !== "drop" && fate !== "replace";
  });
  const basic = Buffer.from(`${username}:${password}`, "latin1").toString("base64");
  // The brand has no value at run time: as in `sign` it is granted here, where the credentials are put in.
  return { ...head, headers: [...headers, ["Authorization", `Basic ${basic}`]] } as RequestHead as SignedHead;
}

/** What the password signs. Unlike everywhere else its date, `YYYYMMDDTHHMMSSZ` in the password, has no `Z`. */
export function gitStringToSign({ host, path, region }: GitRepository, amzDate: string): string {
  const scope = formatCredentialScope({ date: amzDate.slice(0, 8), region, service: GIT_SERVICE });
  return stringToSign(`GIT\n${path}\n\nhost:${host}\n\nhost\n`, { amzDate: amzDate.slice(0, -1), scope });
}
