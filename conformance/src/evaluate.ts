import type { Context } from "@iap/aws-core";
import { compilePolicySet, type PolicyDocument, type PolicyInput, PolicyValidationError } from "@iap/iam-evaluator";
import type { Answer } from "./verbs.ts";

type Members = Readonly<Record<string, unknown>>;

/**
 * Answers lines of the shape of `iam-probes.jsonl`. Policies are evaluated as far as they can be read; what cannot be
 * evaluated denies, and a document that is no policy at all lets nothing through.
 */
export const evaluate: Answer = async ({ id, policies, request }) => {
  const set = members(policies, "policies");
  const unknown = Object.keys(set).find((name) => !KINDS.has(name));
  if (unknown !== undefined) throw new Error(`policies.${unknown} is not a kind of policy`);
  const { principal, action, resource, resourceAccount, context, wildcardOnlyAction, authoritative } = members(
    request,
    "request",
  );
  const who = text(principal, "request.principal", true);
  const arn = text(resource, "request.resource", true);
  const asked = {
    action: text(action, "request.action") as string,
    resource: wildcardOnlyAction === true || arn === undefined || arn === "" ? { none: true as const } : { arn },
    resourceAccount: text(resourceAccount, "request.resourceAccount", true),
    ...(who === undefined ? {} : { principal: { arn: who } }),
    // `as`: the evaluator makes sure of each value.
    context: members(context ?? {}, "request.context") as Context,
    authoritative: keys(authoritative),
  };
  try {
    const { outcome, reason } = compilePolicySet(
      {
        identity: list(set.identity, "identity"),
        permissionsBoundary: list(set.boundary, "boundary"),
        session: list(set.session, "session"),
        scp: levels(set.scp, "scp"),
        rcp: levels(set.rcp, "rcp"),
        resource: one(set.resource, "resource"),
        vpcEndpoint: list(set.vpce, "vpce"),
      },
      { validate: "warn" },
    ).evaluate(asked);
    return { id, decision: DECISIONS[outcome], reason };
  } catch (error) {
    if (!(error instanceof PolicyValidationError)) throw error;
    return { id, decision: "deny-implicit", reason: `a policy cannot be read: ${error.message}` };
  }
};

/** A policy of a kind that is not known must not be left out. */
const KINDS: ReadonlySet<string> = new Set(["identity", "boundary", "session", "scp", "rcp", "resource", "vpce"]);

const DECISIONS = { allowed: "allow", explicitDeny: "deny-explicit", implicitDeny: "deny-implicit" } as const;

function members(value: unknown, name: string): Members {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw new Error(`${name} is not an object`);
  // `as`: any object has members of unknown kind.
  return value as Members;
}

function text(value: unknown, name: string, optional = false): string | undefined {
  if (optional && (value === undefined || value === null)) return undefined;
  if (typeof value !== "string") throw new Error(`${name} is not a string`);
  return value;
}

/** Without a list every key that is not given is absent: what is no list must not pass for none. */
function keys(value: unknown): readonly string[] | undefined {
  if (value === undefined || value === null) return undefined;
  if (!Array.isArray(value)) throw new Error("request.authoritative is not a list");
  return value.map((key) => text(key, "a key of request.authoritative") as string);
}

/** One document, a list of them, or none. A document may be text or JSON. */
function list(value: unknown, name: string): PolicyInput[] {
  if (value === undefined || value === null) return [];
  const documents: readonly unknown[] = Array.isArray(value) ? value : [value];
  return documents.map((document, i) => ({
    name: documents.length === 1 ? name : `${name}[${i}]`,
    // `as`: the evaluator reads any JSON, and says what is wrong with it.
    document: document as string | PolicyDocument,
  }));
}

/** One document, or none. */
function one(value: unknown, name: string): PolicyInput | null {
  const [first = null, second] = list(value, name);
  if (second !== undefined) throw new Error(`policies.${name} is more than one document`);
  return first;
}

/** Levels from the root down; a level is one document or a list of them. */
function levels(value: unknown, name: string): PolicyInput[][] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw new Error(`policies.${name} is not a list of levels`);
  return value.map((level: unknown, i) => list(level, `${name}[${i}]`));
}
