import type { CheckResource, Context, ContextValue } from "@iap/aws-core";
import { actionMatcher, describeFinding, type Explanation, type StatementTrace } from "@iap/iam-evaluator";
import type { CliProcess } from "../cli.ts";
import { deniedActions } from "../policies/deny-action.ts";
import { PolicyFiles } from "../policies/policy-source.ts";
import { UsageError } from "../usage-error.ts";

export interface CheckArguments {
  readonly policy: readonly string[];
  readonly boundary?: readonly string[] | undefined;
  readonly "session-policy"?: readonly string[] | undefined;
  readonly "policy-for"?: readonly string[] | undefined;
  readonly role?: string | undefined;
  readonly "deny-action"?: readonly string[] | undefined;
  readonly action: string;
  readonly resource?: string | undefined;
  readonly context?: readonly string[] | undefined;
  readonly json?: boolean | undefined;
}

/** Decides one action on one resource by the policies, and says why: 0 allowed, 1 denied. */
export function check(args: CheckArguments, { stdout, stderr }: CliProcess, now: Date): number {
  const { action } = args;
  const denyActions = args["deny-action"] ?? [];
  const files = {
    policies: args.policy,
    boundaries: args.boundary ?? [],
    sessionPolicies: args["session-policy"] ?? [],
    policiesFor: args["policy-for"] ?? [],
  };
  // Judges the names, too.
  deniedActions(denyActions);
  if (!/^[A-Za-z0-9.-]+:[^\s*?:]+$/.test(action)) {
    throw new UsageError(`--action ${action} must be one action, like s3:GetObject`);
  }
  const { role } = args;
  if (role !== undefined && !/^arn:[a-z-]+:iam::\d{12}:role\/.+$/.test(role)) {
    throw new UsageError(`--role ${role} must be the ARN of a role, like arn:aws:iam::123456789012:role/deploy`);
  }
  const evaluator = new PolicyFiles(files).current("check", role === undefined ? undefined : [role]);
  if (evaluator === undefined) throw new UsageError("there is no policy to check: give --policy FILE");
  for (const finding of evaluator.findings) stderr.write(`${finding.level}: ${describeFinding(finding)}\n`);

  const forbidding = denyActions.find((name) => actionMatcher([name])(action));
  const resource = resourceOf(args.resource);
  const explained = evaluator.explain({
    action,
    resource,
    context: { ...ofRole(role), ...readContext(args.context ?? [], now) },
  });
  const explanation: Explanation =
    forbidding === undefined
      ? explained
      : {
          ...explained,
          decision: {
            ...explained.decision,
            outcome: "explicitDeny",
            by: "guard",
            reason: `the operator forbids ${action} (--deny-action ${forbidding})`,
            matchedStatements: [],
          },
        };
  const allowed = explanation.decision.outcome === "allowed";
  if (args.json) stdout.write(`${JSON.stringify({ action, resource, ...explanation }, null, 2)}\n`);
  else stdout.write(asText(action, resource, explanation));
  if (!allowed && args.resource === undefined) {
    stderr.write("There is no --resource, so the action was taken for one that has none.\n");
  }
  return allowed ? 0 : 1;
}

/** What the proxy knows of a role's session. */
function ofRole(role: string | undefined): Context {
  return role === undefined ? {} : { "aws:PrincipalArn": role };
}

function resourceOf(text: string | undefined): CheckResource {
  return text === undefined || text === "*" ? { none: true } : { arn: text };
}

/** `key=value`; a key given several times, or as `key=["a","b"]`, has a list. The time is now unless it is given. */
function readContext(pairs: readonly string[], now: Date): Context {
  const values = new Map<string, ContextValue>();
  for (const pair of pairs) {
    const equals = pair.indexOf("=");
    if (equals < 1) throw new UsageError(`--context ${pair} must be KEY=VALUE, like s3:prefix=reports/`);
    const key = pair.slice(0, equals);
    const value = readValue(pair.slice(equals + 1));
    const before = values.get(key);
    values.set(key, before === undefined ? value : ([before, value].flat() as string[]));
  }
  const given = new Set([...values.keys()].map((key) => key.toLowerCase()));
  const clock = {
    "aws:CurrentTime": now.toISOString(),
    "aws:EpochTime": String(Math.floor(now.getTime() / 1000)),
  };
  for (const [key, value] of Object.entries(clock)) if (!given.has(key.toLowerCase())) values.set(key, value);
  return Object.fromEntries(values);
}

function readValue(text: string): string | readonly string[] {
  if (!text.startsWith("[")) return text;
  try {
    const list: unknown = JSON.parse(text);
    if (Array.isArray(list) && list.every((item) => typeof item === "string")) return list;
  } catch {
    // It is text that begins so.
  }
  return text;
}

function asText(action: string, resource: CheckResource, { decision, statements }: Explanation): string {
  const on = "arn" in resource ? ` on ${JSON.stringify(resource.arn)}` : "";
  const word = decision.outcome === "allowed" ? "ALLOWED" : "DENIED";
  const lines = [`${word}  ${action}${on}`, `  ${decision.reason}`];
  if (decision.missingContextKeys.length > 0) {
    lines.push(`  asked for and not given, so taken as absent: ${decision.missingContextKeys.join(", ")}`);
  }
  const about = statements.filter((statement) => statement.action === "yes");
  if (about.length > 0) lines.push("", "Statements about the action:", ...about.flatMap(statementLines));
  return `${lines.join("\n")}\n`;
}

function statementLines(trace: StatementTrace): string[] {
  const { statement, matches, resource, conditions } = trace;
  const verdict = matches === "yes" ? "applies" : matches === "no" ? "does not apply" : "cannot be evaluated";
  const lines = [`  ${statement.effect} ${statement.sid ?? statement.index} in ${statement.policy}: ${verdict}`];
  if (resource !== "yes") lines.push(`    resource: ${resource}`);
  for (const { operator, key, policyValues, state, requestValue, holds } of conditions) {
    const has = state === "present" ? JSON.stringify(requestValue) : state;
    lines.push(`    ${operator} ${key} ${JSON.stringify(policyValues)}: ${holds} (request: ${has})`);
  }
  return lines;
}
