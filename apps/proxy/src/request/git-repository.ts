import { type Check, parseEndpoint } from "@iap/aws-core";
import type { GitRepository } from "@iap/sigv4";
import { resourceInAccount } from "./resource-in-account.ts";

/** What each of git's errands needs (CodeCommit User Guide, "Permissions for Git client commands"). */
export type GitAction = "codecommit:GitPull" | "codecommit:GitPush";

/** Whether git reaches CodeCommit by this host. */
export function isGitHost(host: string): boolean {
  return gitRepository(host, "/v1/repos/any") !== undefined;
}

export interface NamedRepository extends GitRepository {
  readonly name: string;
  readonly partition: string;
}

/** The repository at a path of a git endpoint of CodeCommit; undefined when it is none. */
export function gitRepository(host: string, path: string): NamedRepository | undefined {
  // Most hosts are others.
  if (!host.startsWith("git-codecommit")) return undefined;
  const [, fips = "", region, suffix] = /^git-codecommit(-fips)?\.([a-z0-9-]+)\.([a-z0-9.-]+)$/.exec(host) ?? [];
  const name = /^\/?v1\/repos\/(?!\.{1,2}$)([\w.-]{1,100})$/.exec(path)?.[1];
  if (region === undefined || name === undefined) return undefined;
  const endpoint =
    parseEndpoint(`codecommit${fips}.${region}.${suffix}`) ?? parseEndpoint(`codecommit.${region}.${suffix}`);
  if (endpoint?.kind !== "service" || endpoint.region !== region) return undefined;
  return { host, path: `/v1/repos/${name}`, region, name, partition: endpoint.partition };
}

/** Which references are pushed is known to CodeCommit alone: `codecommit:References` stays unknown. */
export function gitCheck(
  action: GitAction,
  { partition, region, name }: NamedRepository,
  account: string | undefined,
): Check {
  return {
    action,
    resource: resourceInAccount(account, (id) => `arn:${partition}:codecommit:${region}:${id}:${name}`),
    context: { "aws:RequestedRegion": region },
    authoritative: ["aws:RequestedRegion"],
  };
}
