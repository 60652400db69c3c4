import type { ActivityRecord, Decision } from "@iap/aws-core";
import type { PolicyEvaluator } from "@iap/iam-evaluator";
import { type LeftOut, LeftOutLedger } from "./left-out-ledger.ts";
import { type Observation, type RecordedCall, Recording } from "./recording.ts";
import { type WhatIfOptions, whyNoChecks, whyNotCounted } from "./which-count.ts";

/** What policies would have said to a recording. */
export interface ReplayReport {
  /** Calls in the recording, retries counted once. */
  readonly requests: number;
  readonly allowed: number;
  /** Calls that would be denied, alike ones together; the most frequent first. */
  readonly denied: readonly ReplayDenial[];
  /** How many calls those are. */
  readonly deniedRequests: number;
  /** Calls that were not asked about. */
  readonly leftOut: readonly LeftOut[];
}

export interface ReplayDenial {
  /** `s3:PutObject`, or method and host where the operation is not known. */
  readonly name: string;
  /** Who asked: `base`, or of a session that an agent got from AWS the role's ARN. */
  readonly identity: string;
  /** The check that decided against it; undefined where the request was not understood. */
  readonly action?: string | undefined;
  readonly resource?: string | undefined;
  readonly outcome: Decision["outcome"];
  /** By what: the sentence of the decision. */
  readonly reason: string;
  readonly count: number;
  /** ISO 8601. */
  readonly first: string;
  readonly last: string;
}

/**
 * Asks policies what they would say to the calls of a recording that `generatePolicy` counts, and to those that no
 * policy can allow because they were not understood.
 */
export function replayPolicy(
  records: Iterable<ActivityRecord>,
  evaluator: PolicyEvaluator,
  options: WhatIfOptions = {},
): ReplayReport {
  const recording = new Recording({ known: options.known });
  for (const record of records) recording.add(record);
  const ledger = new LeftOutLedger();
  const denied = new Map<string, { -readonly [Name in keyof ReplayDenial]: ReplayDenial[Name] }>();
  const decided = new Map<Observation, Decision>();
  let allowed = 0;
  let deniedRequests = 0;
  const calls = recording.calls();
  for (const call of calls) {
    const notUnderstood = call.forwarded && (call.marker === "unknown" || call.marker === "ambiguous");
    const why = notUnderstood ? undefined : (whyNotCounted(call, options) ?? whyNotDecided(call));
    if (why !== undefined) {
      ledger.add(why, call.name);
      continue;
    }
    const denial = denialOf(call, evaluator, decided);
    if (denial === undefined) {
      allowed++;
      continue;
    }
    deniedRequests++;
    const key = `${denial.identity}\n${denial.name}\n${denial.action ?? ""}\n${denial.resource ?? ""}\n${denial.reason}`;
    const known = denied.get(key);
    if (known === undefined) {
      denied.set(key, { ...denial, count: 1, first: call.time, last: call.time });
    } else {
      known.count++;
      if (call.time < known.first) known.first = call.time;
      if (call.time > known.last) known.last = call.time;
    }
  }
  const list = [...denied]
    .sort(([a, one], [b, other]) => other.count - one.count || (a < b ? -1 : 1))
    .map(([, denial]) => denial);
  return { requests: calls.length, allowed, denied: list, deniedRequests, leftOut: ledger.list() };
}

/** Why no policy decides a call that counts: AWS takes it without a signature, or by a token. */
function whyNotDecided({ marker, observations }: RecordedCall): string | undefined {
  return (marker === "unsigned" || marker === "bearer") && observations.length === 0 ? whyNoChecks(marker) : undefined;
}

type Denial = Pick<ReplayDenial, "name" | "identity" | "action" | "resource" | "outcome" | "reason">;

function denialOf(
  { name, identity, marker, observations }: RecordedCall,
  evaluator: PolicyEvaluator,
  decided: Map<Observation, Decision>,
): Denial | undefined {
  if (marker === "permissionless") return undefined;
  if (typeof observations === "string") return { name, identity, outcome: "implicitDeny", reason: observations };
  if (observations.length === 0) {
    const reason = `no policy can allow a request that is not understood (${marker ?? "its record has no checks"})`;
    return { name, identity, outcome: "implicitDeny", reason };
  }
  let worst: { readonly observation: Observation; readonly decision: Decision } | undefined;
  for (const observation of observations) {
    let decision = decided.get(observation);
    if (decision === undefined) {
      decision = evaluator.evaluate(observation);
      decided.set(observation, decision);
    }
    if (decision.outcome === "allowed") continue;
    if (worst === undefined || (decision.outcome === "explicitDeny" && worst.decision.outcome !== "explicitDeny")) {
      worst = { observation, decision };
    }
  }
  if (worst === undefined) return undefined;
  const { action, resource } = worst.observation;
  const { outcome, reason } = worst.decision;
  return { name, identity, action, resource: resourceText(resource), outcome, reason };
}

export function resourceText(resource: Observation["resource"]): string {
  if ("none" in resource) return "*";
  return "pattern" in resource ? resource.pattern : resource.arn;
}
