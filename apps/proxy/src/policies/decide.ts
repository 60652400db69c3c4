import { mintsCredentials } from "@iap/action-resolver";
import type { Check, Decision, Mode, ResolvedCall } from "@iap/aws-core";
import type { AuthorizationRequest } from "@iap/iam-evaluator";
import type { Caller } from "../request/caller.ts";
import type { DeniedActions } from "./deny-action.ts";
import type { PolicySource } from "./policy-source.ts";
import type { KnownKeys } from "./principal-context.ts";
import type { Judge } from "./role-policies.ts";

/** Whether a call may go ahead, given who asks and when. */
export type Decide = (call: ResolvedCall, caller: Pick<Caller, "key" | "lineage" | "known">) => Promise<Decision>;

/** Operations that the operator lets past a guard, by name: `sts:AssumeRole`. */
export interface GuardExceptions {
  /** Operations whose answers may bring credentials to the agent. */
  readonly credentialsFrom: ReadonlySet<string>;
  /** Operations that AWS does not authorise by a signature. */
  readonly unsigned: ReadonlySet<string>;
}

/** What the operator says besides the policies. */
export interface Guards {
  /** What `--deny-action` forbids; nothing by default. */
  readonly denied?: DeniedActions | undefined;
  /** None by default. */
  readonly exceptions?: GuardExceptions | undefined;
}

const noExceptions: GuardExceptions = { credentialsFrom: new Set(), unsigned: new Set() };

/**
 * Guards first, which hold in every mode and whatever a policy says; then the policies. Without policies (record mode)
 * what passes the guards is allowed.
 */
export function decider(policies: PolicySource, guards: Guards = {}): Decide {
  return async (call, { key, lineage, known }) => {
    const guard = guardedBecause(call, guards);
    if (guard !== undefined) return decision("explicitDeny", guard, "guard");
    if (call.marker === "unsigned" || call.marker === "bearer") {
      return decision("allowed", `${operationName(call)} is named by --allow-unsigned`, "guard");
    }
    const evaluator = policies.current(key.agent, lineage);
    if (evaluator === undefined) return decision("allowed", "recorded; no policy is held against it", "guard");
    const { version } = evaluator;
    if (call.marker === "unknown") {
      const what = call.why ?? "the operation is not known";
      return decision("implicitDeny", `no policy can allow a request that is not understood: ${what}`, "iam", version);
    }
    if (call.marker === "permissionless") {
      const denied = deniedAllTheSame(call, evaluator, known);
      return denied ?? decision("allowed", `${operationName(call)} needs no permission`, "iam", version);
    }
    // Who asks is told by condition keys alone: to the policies given here even the root user is an agent.
    return evaluator.evaluateAll(call.checks.map((check) => withKnownKeys(check, known)));
  };
}

/** What needs no permission can be denied explicitly all the same, but for GetCallerIdentity, as the evaluator knows. */
function deniedAllTheSame(call: ResolvedCall, evaluator: Judge, known: KnownKeys): Decision | undefined {
  return call.operations
    .map((operation) => ({ action: `${call.service}:${operation}`, resource: { none: true } as const, ...known }))
    .map((check) => evaluator.evaluateAll([check]))
    .find(({ outcome }) => outcome === "explicitDeny");
}

/** What the request itself says wins: it is what AWS is asked. */
function withKnownKeys({ action, resource, context, authoritative }: Check, known: KnownKeys): AuthorizationRequest {
  return {
    action,
    resource,
    context: Object.assign({}, known.context, context),
    authoritative: [...known.authoritative, ...authoritative],
  };
}

/** Whether an unsigned call may go ahead: no policy can be held against nobody, so that the guards alone decide. */
export function decideUnsigned(guards: Guards = {}): (call: ResolvedCall) => Decision {
  return (call) => {
    const guard = guardedBecause(call, guards);
    if (guard !== undefined) return decision("explicitDeny", guard, "guard");
    return decision("allowed", `${operationName(call)} is named by --allow-unsigned`, "guard");
  };
}

/** Whether the request goes on to AWS: shadow mode lets pass what only a policy denies. */
export function isForwarded({ outcome, by }: Decision, mode: Mode): boolean {
  return outcome === "allowed" || (mode === "shadow" && by === "iam");
}

function guardedBecause(call: ResolvedCall, { denied, exceptions = noExceptions }: Guards): string | undefined {
  const { credentialsFrom, unsigned } = exceptions;
  if (call.marker === "ambiguous") {
    return `the request can be read in more than one way: ${call.why ?? "its parts disagree"}`;
  }
  if ((call.marker === "unsigned" || call.marker === "bearer") && !isNamed(call, unsigned)) {
    return `${operationName(call)} is not authorised by AWS credentials, so there is nothing to sign it with and no policy to hold it to; ${howTo("--allow-unsigned", call)}`;
  }
  const why = mintsCredentials(call);
  if (why === undefined || isNamed(call, credentialsFrom)) return denied?.(call);
  const clause = why.charAt(0).toLowerCase() + why.slice(1).replace(/\.$/, "");
  return `no agent may call ${operationName(call)} through this proxy: ${clause}; ${howTo("--allow-credentials-from", call)}`;
}

/** Every operation the call may be is named. */
function isNamed({ service, operations }: ResolvedCall, names: ReadonlySet<string>): boolean {
  return operations.length > 0 && operations.every((operation) => names.has(`${service}:${operation}`));
}

function howTo(option: string, { service, operations }: ResolvedCall): string {
  if (operations.length === 0) return "no option lets what is not understood pass";
  const names = operations.map((operation) => `${service}:${operation}`).join(",");
  return `to let it pass, start iam-agent-proxy with ${option} ${names}`;
}

function operationName({ service, operations }: ResolvedCall): string {
  return operations.length === 0 ? service : `${service}:${operations.join("|")}`;
}

function decision(outcome: Decision["outcome"], reason: string, by: Decision["by"], policyVersion = ""): Decision {
  return { outcome, reason, by, policyVersion, matchedStatements: [], missingContextKeys: [], unevaluated: [] };
}
