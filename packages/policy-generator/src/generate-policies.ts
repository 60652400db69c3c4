import type { ActivityRecord } from "@iap/aws-core";
import type { PolicyStatement } from "@iap/iam-evaluator";
import { type GenerateOptions, keepsKey, type PolicyOfCalls, policyOfCalls, warningsFor } from "./generate-policy.ts";
import { type GeneratedPolicy, type GenerationReport, NothingToGrantError } from "./generated-policy.ts";
import type { Grant } from "./grants.ts";
import { BASE_IDENTITY } from "./identity.ts";
import { type LeftOut, MOST_EXAMPLES } from "./left-out-ledger.ts";
import { pascalCase } from "./pascal-case.ts";
import { policyText } from "./policy-text.ts";
import { prove } from "./prove.ts";
import { type RecordedCall, Recording } from "./recording.ts";
import { sortOut } from "./sort-calls.ts";

/** The policy of what one identity did. */
export interface IdentityPolicy extends PolicyOfCalls {
  /** `base`, or a role's ARN: see `identityOf`. */
  readonly identity: string;
}

/** Policies by identity. */
export interface PoliciesByIdentity {
  /** The proxy's own credentials first, then the roles whose sessions the agent got, in order. */
  readonly identities: readonly IdentityPolicy[];
  /** Identities whose requests show no permission that a policy must give. */
  readonly idle: readonly IdleIdentity[];
}

export interface IdleIdentity extends Pick<GenerationReport, "requests" | "retries" | "leftOut" | "unknownOperations"> {
  readonly identity: string;
}

/**
 * A policy for each identity whose permissions were used, each as `generatePolicy` makes it. Throws `NothingToGrantError`
 * when none of them needs any.
 */
export function generatePolicies(records: Iterable<ActivityRecord>, options: GenerateOptions = {}): PoliciesByIdentity {
  const recording = new Recording({ keepsKey });
  for (const record of records) recording.add(record);
  const all = recording.calls();
  const identities: IdentityPolicy[] = [];
  const idle: IdleIdentity[] = [];
  for (const [identity, own] of callsByIdentity(all)) {
    const { granted, requests, retries, ledger, unknownOperations } = sortOut(own, options);
    if (granted > 0) identities.push({ identity, ...policyOfCalls(own, options) });
    else idle.push({ identity, requests, retries, unknownOperations, leftOut: ledger.list() });
  }
  // It says why of each request.
  if (identities.length === 0) throw new NothingToGrantError(sortOut(all, options).ledger.list());
  return { identities, idle };
}

/**
 * One policy for a proxy, which holds the sessions an agent gets to the agent's own policies: what each role did is
 * allowed to that role only, by a condition on `aws:PrincipalArn`, and what the base identity did to all of them; so is,
 * with a warning, what sessions did of which no role is known. The evaluator has allowed every check of each identity as
 * that identity. Of one identity the policy is returned as it is.
 */
export function joinPolicies({ identities, idle }: PoliciesByIdentity): GeneratedPolicy {
  const [only, ...others] = identities;
  if (only?.identity === BASE_IDENTITY && others.length === 0) {
    return { ...only.generated, report: { ...only.generated.report, ...joinCounts(identities, idle) } };
  }
  const sids = new Set<string>();
  const statements: PolicyStatement[] = [];
  const provenance: GenerationReport["provenance"][number][] = [];
  for (const { identity, generated } of identities) {
    const prefix = sidPrefix(identity);
    generated.policies.forEach(({ policy }, i) => {
      for (const statement of [policy.Statement].flat() as PolicyStatement[]) {
        const Sid = unique(`${prefix}${statement.Sid ?? ""}`, sids);
        statements.push(ofIdentity({ ...statement, Sid }, identity));
        const from = generated.report.provenance.find(({ policy, sid }) => policy === i && sid === statement.Sid);
        if (from !== undefined) provenance.push({ ...from, policy: 0, sid: Sid });
      }
    });
  }
  const text = policyText(statements);
  const asTheProxySees = identities.flatMap(({ identity, grants }) =>
    grants.map((grant) => asIdentity(grant, identity)),
  );
  prove([text.text], asTheProxySees);
  const report = {
    ...joinReports(identities, idle),
    provenance,
    characters: text.characters,
    warnings: [...warningsFor(text.characters, 1, undefined), ...withoutRole(identities)],
  };
  return { policy: text.policy, text: text.text, policies: [text], report };
}

function withoutRole(identities: readonly IdentityPolicy[]): string[] {
  return identities
    .filter(({ identity }) => identity !== BASE_IDENTITY && !identity.startsWith("arn:"))
    .map(
      ({ identity }) =>
        `What sessions of ${identity} did is allowed to all of the agent's sessions, for no role is known to tell them by.`,
    );
}

/** The calls of each identity: of the base first, then in order. */
export function callsByIdentity(
  calls: readonly RecordedCall[],
): (readonly [identity: string, calls: RecordedCall[]])[] {
  const found = new Map<string, RecordedCall[]>();
  for (const call of calls) {
    const known = found.get(call.identity);
    if (known === undefined) found.set(call.identity, [call]);
    else known.push(call);
  }
  return [...found].sort(([one], [other]) => baseFirst(one, other));
}

function baseFirst(one: string, other: string): number {
  if (one === BASE_IDENTITY || other === BASE_IDENTITY) return one === other ? 0 : one === BASE_IDENTITY ? -1 : 1;
  return one < other ? -1 : 1;
}

/** Only for sessions of the role. Where no role is known there is no key to tell it by. */
export function ofIdentity(statement: PolicyStatement, identity: string): PolicyStatement {
  if (!identity.startsWith("arn:")) return statement;
  const { StringEquals = {}, ...others } = statement.Condition ?? {};
  const Condition = { ...others, StringEquals: { ...StringEquals, "aws:PrincipalArn": identity } };
  return { ...statement, Condition };
}

/** A grant as the proxy asks for it: it knows the role. */
export function asIdentity({ action, resource, observations }: Grant, identity: string): Pick<Grant, ProvenBy> {
  if (!identity.startsWith("arn:")) return { action, resource, observations };
  const known = { "aws:PrincipalArn": identity };
  return {
    action,
    resource,
    observations: observations.map((seen) => ({ ...seen, context: { ...seen.context, ...known } })),
  };
}

type ProvenBy = "action" | "resource" | "observations";

/** `Deploy` of `arn:aws:iam::123456789012:role/ci/deploy`, for a Sid, which has letters and digits only; of the base nothing. */
export function sidPrefix(identity: string): string {
  return identity === BASE_IDENTITY ? "" : pascalCase(identity.slice(identity.lastIndexOf("/") + 1));
}

function unique(sid: string, taken: Set<string>): string {
  let free = sid;
  for (let n = 2; taken.has(free); n++) free = `${sid}${n}`;
  taken.add(free);
  return free;
}

function joinCounts(identities: readonly IdentityPolicy[], idle: readonly IdleIdentity[]): Counts {
  const reports: readonly Omit<Counts, "granted">[] = [...identities.map(({ generated }) => generated.report), ...idle];
  return {
    requests: reports.reduce((sum, { requests }) => sum + requests, 0),
    granted: identities.reduce((sum, { generated }) => sum + generated.report.granted, 0),
    retries: reports.reduce((sum, { retries }) => sum + retries, 0),
    leftOut: joinLeftOut(reports.flatMap(({ leftOut }) => leftOut)),
    unknownOperations: [...new Set(reports.flatMap(({ unknownOperations }) => unknownOperations))].sort(),
  };
}

type Counts = Pick<GenerationReport, "requests" | "granted" | "retries" | "leftOut" | "unknownOperations">;

function joinReports(identities: readonly IdentityPolicy[], idle: readonly IdleIdentity[]): GenerationReport {
  const reports = identities.map(({ generated }) => generated.report);
  const sum = (of: (report: GenerationReport) => number): number => reports.reduce((total, one) => total + of(one), 0);
  const all = <T>(of: (report: GenerationReport) => readonly T[]): T[] => reports.flatMap(of);
  const pairs = sum((report) => report.pairs);
  return {
    ...joinCounts(identities, idle),
    actions: new Set(identities.flatMap(({ grants }) => grants.map(({ action }) => action))).size,
    pairs,
    overGrant: pairs === 0 ? undefined : sum((report) => (report.overGrant ?? 1) * report.pairs) / pairs,
    declaredWildcards: all(({ declaredWildcards }) => declaredWildcards),
    widenings: all(({ widenings }) => widenings),
    collapsed: sum(({ collapsed }) => collapsed),
    conditions: all(({ conditions }) => conditions),
    unseen: [...new Set(all(({ unseen }) => unseen))].sort(),
    actionWildcards: all(({ actionWildcards }) => actionWildcards),
    provenance: [],
    characters: 0,
    fitting: [],
    warnings: [],
  };
}

function joinLeftOut(lists: readonly LeftOut[]): LeftOut[] {
  const joined = new Map<string, LeftOut>();
  for (const { why, count, examples } of lists) {
    const known = joined.get(why);
    joined.set(why, {
      why,
      count: count + (known?.count ?? 0),
      examples: [...new Set([...(known?.examples ?? []), ...examples])].sort().slice(0, MOST_EXAMPLES),
    });
  }
  return [...joined.values()].sort((a, b) => (a.why < b.why ? -1 : 1));
}
