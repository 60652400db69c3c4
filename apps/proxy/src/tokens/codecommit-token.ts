import { type Check, parseEndpoint } from "@iap/aws-core";
import { VerbError } from "@iap/cred-vendor";
import { GIT_SERVICE, type GitRepository, gitPassword } from "@iap/sigv4";
import { accountText, expirationOf, MAX_TOKEN_SECONDS, type TokenSubject } from "./token-subject.ts";

/** A repository of CodeCommit as git tells a credential helper of it. */
export interface CodeCommitToken {
  /** `git-codecommit.us-east-1.amazonaws.com` */
  readonly host: string;
  /** `/v1/repos/NAME`, with or without the first slash. */
  readonly path: string;
}

/** What each of git's errands needs (CodeCommit User Guide, "Permissions for Git client commands"). */
export type GitAction = "codecommit:GitPull" | "codecommit:GitPush";

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

export interface NamedRepository extends GitRepository {
  readonly name: string;
  readonly partition: string;
}

/** The repository at a path of a git endpoint of CodeCommit; undefined when it is none. */
function gitRepository(host: string, path: string): NamedRepository | undefined {
  const [, fips = "", region, suffix] = /^git-codecommit(-fips)?\.([a-z0-9-]+)\.([a-z0-9.-]+)$/.exec(host) ?? [];
  const name = /^\/?v1\/repos\/([\w.-]{1,100})$/.exec(path)?.[1];
  if (region === undefined || name === undefined) return undefined;
  const endpoint =
    parseEndpoint(`codecommit${fips}.${region}.${suffix}`) ?? parseEndpoint(`codecommit.${region}.${suffix}`);
  if (endpoint?.kind !== "service" || endpoint.region !== region) return undefined;
  return { host, path: `/v1/repos/${name}`, region, name, partition: endpoint.partition };
}

/** Which references are pushed is known to CodeCommit alone: `codecommit:References` stays unknown. */
function gitCheck(action: GitAction, { partition, region, name }: NamedRepository, account: string | undefined): Check {
  const arn = `arn:${partition}:codecommit:${region}:${accountText(account)}:${name}`;
  const why = "the account of the credentials is not known yet";
  return {
    action,
    resource: account === undefined ? { pattern: arn, why } : { arn },
    context: { "aws:RequestedRegion": region },
    authoritative: ["aws:RequestedRegion"],
  };
}
