import { VerbError } from "@iap/cred-vendor";
import { GIT_SERVICE, gitPassword } from "@iap/sigv4";
import { gitCheck, gitRepository } from "../request/git-repository.ts";
import { expirationOf, MAX_TOKEN_SECONDS, type TokenSubject } from "./token-subject.ts";

/** A repository of CodeCommit as git tells a credential helper of it. */
export interface CodeCommitToken {
  /** `git-codecommit.us-east-1.amazonaws.com` */
  readonly host: string;
  /** `/v1/repos/NAME`, with or without the first slash. */
  readonly path: string;
}

/** A user name and password for a repository. They do not say what for: who has them may pull and push. */
export function codecommitToken(asked: CodeCommitToken): TokenSubject {
  const repository = gitRepository(asked.host, asked.path);
  if (repository === undefined) {
    throw new VerbError(
      "badRequest",
      `${JSON.stringify(`${asked.host}/${asked.path.replace(/^\//, "")}`)} is not a repository of CodeCommit, such as git-codecommit.us-east-1.amazonaws.com/v1/repos/NAME. Git tells the path only with credential.UseHttpPath true.`,
    );
  }
  const { host, path, region } = repository;
  return {
    kind: "codecommit",
    head: { httpVersion: "1.1", method: "GIT", target: path, headers: [["Host", host]], host },
    scope: { service: GIT_SERVICE, region },
    signedHeaders: ["host"],
    call: (account) => ({
      service: GIT_SERVICE,
      operations: ["GitPull", "GitPush"],
      protocol: "restJson1",
      region,
      account,
      checks: [
        gitCheck("codecommit:GitPull", repository, account),
        gitCheck("codecommit:GitPush", repository, account),
      ],
    }),
    issue: (signing) => ({
      ...gitPassword(repository, signing),
      expiration: expirationOf(signing, MAX_TOKEN_SECONDS),
    }),
  };
}
