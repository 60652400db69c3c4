import { readFileSync } from "node:fs";
import type { Context } from "@iap/aws-core";
import { expect, test } from "vitest";
import { compilePolicySet } from "../src/compile-policy-set.ts";
import type { PolicyDocument, PolicyInput } from "../src/policy-document.ts";

/** Policies of all types, a request, and the decision. */
interface Row {
  readonly id: string;
  readonly name: string;
  readonly policies: {
    readonly identity: readonly PolicyDocument[];
    readonly boundary: PolicyDocument | null;
    readonly session: PolicyDocument | readonly PolicyDocument[] | null;
    readonly scp: readonly (readonly PolicyDocument[])[];
    readonly rcp: readonly (readonly PolicyDocument[])[];
    readonly resource: PolicyDocument | null;
    readonly vpce: PolicyDocument | null;
  };
  readonly request: {
    readonly principal: string;
    readonly action: string;
    readonly resource: string;
    readonly resourceAccount: string;
    readonly context: Context;
    readonly wildcardOnlyAction: boolean;
    readonly authoritative?: readonly string[];
  };
  readonly expected: "allow" | "deny-implicit" | "deny-explicit";
}

const rows = readFileSync(new URL("./fixtures/policies.jsonl", import.meta.url), "utf8")
  .trim()
  .split("\n")
  .map((line) => JSON.parse(line) as Row);

const OUTCOMES = { allow: "allowed", "deny-implicit": "implicitDeny", "deny-explicit": "explicitDeny" } as const;

const inputs = (documents: unknown, name: string): PolicyInput[] =>
  [documents ?? []].flat().map((document, i) => ({ name: `${name}-${i}`, document: JSON.stringify(document) }));

const decide = ({ policies, request }: Row) => {
  const { principal, action, resource, resourceAccount, context, wildcardOnlyAction, authoritative } = request;
  const asked = {
    principal: { arn: principal },
    action,
    resource: wildcardOnlyAction ? { none: true as const } : { arn: resource },
    resourceAccount,
    context,
    ...(authoritative === undefined ? {} : { authoritative }),
  };
  const evaluator = compilePolicySet(
    {
      identity: inputs(policies.identity, "identity"),
      permissionsBoundary: inputs(policies.boundary, "boundary"),
      session: inputs(policies.session, "session"),
      scp: policies.scp.map((level) => inputs(level, "scp")),
      rcp: policies.rcp.map((level) => inputs(level, "rcp")),
      resource: inputs(policies.resource, "resource")[0] ?? null,
      vpcEndpoint: inputs(policies.vpce, "vpce"),
    },
    { validate: "warn" },
  );
  return { evaluator, asked };
};

test.each(rows)("$id: $name: $expected", (row) => {
  const { evaluator, asked } = decide(row);
  const decision = evaluator.evaluate(asked);
  expect(decision.outcome).toBe(OUTCOMES[row.expected]);
  expect(evaluator.allows(asked)).toBe(row.expected === "allow");
  const explanation = evaluator.explain(asked);
  expect(explanation.decision).toEqual(decision);
  // Each statement that decided is one that the trace says is about the request, or may be.
  for (const statement of decision.matchedStatements) {
    const traced = explanation.statements.find((trace) => trace.statement === statement);
    expect(traced?.matches).toMatch(/^(yes|undetermined)$/);
  }
  expect((decision.blockedBy?.length ?? 0) > 0).toBe(row.expected === "deny-implicit");
});

test("there are as many as there should be, each with a name of its own", () => {
  expect(rows.length).toBeGreaterThanOrEqual(250);
  expect(new Set(rows.map(({ id }) => id)).size).toBe(rows.length);
});
