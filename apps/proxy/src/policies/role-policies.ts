import { createHash } from "node:crypto";
import type { Decision } from "@iap/aws-core";
import { compilePolicySet, type Explanation, type PolicyEvaluator, type PolicyInput } from "@iap/iam-evaluator";
import { BASE_IDENTITY, identityMatcher, identityOf } from "@iap/policy-generator";
import { UsageError } from "../usage-error.ts";

/** A policy that sessions of some roles are held to, besides the agent's own. */
export interface RolePolicy {
  /** A role's ARN or plain name; `*` and `?` are wildcards. */
  readonly pattern: string;
  readonly file: string;
}

/** `deploy-*=deploy.json` of `--policy-for`. Throws `UsageError` for what has not that form. */
export function parseRolePolicy(text: string): RolePolicy {
  const equals = text.indexOf("=");
  const pattern = text.slice(0, Math.max(equals, 0));
  const file = text.slice(equals + 1);
  if (equals < 1 || file === "") {
    throw new UsageError(
      `--policy-for ${JSON.stringify(text)} must be ROLE-PATTERN=FILE, like deploy-*=deploy.json or arn:aws:iam::123456789012:role/deploy=deploy.json`,
    );
  }
  // What no role can be called would hold for nobody, and look as if it held.
  const isArn = pattern.startsWith("arn:") || pattern.startsWith("*");
  if (!/^[\w+,.@:/*?-]+$/.test(pattern) || (!isArn && pattern.includes("/"))) {
    throw new UsageError(
      `--policy-for ${JSON.stringify(text)}: ${JSON.stringify(pattern)} is no role's ARN or name; * stands for any text, ? for one character, and a name is written without its path`,
    );
  }
  return { pattern, file };
}

/** What decides on a call: the policies of the agent, and with a session of a role those for it. */
export type Judge = Pick<PolicyEvaluator, "version" | "findings" | "evaluateAll" | "explain">;

/** The policies for roles, compiled. */
export class RolePolicies {
  readonly #rules: readonly Rule[];
  readonly #judges = new Map<string, Judge>();
  readonly #base: PolicyEvaluator;
  readonly #withoutSession: Judge;
  /** Names the set with the agent's policies: another when any of them is. */
  readonly version: string;
  readonly findings: PolicyEvaluator["findings"];

  /** Throws `PolicyValidationError` for a policy that is not valid. */
  constructor(base: PolicyEvaluator, policies: readonly (RolePolicy & { readonly input: PolicyInput })[]) {
    this.#base = base;
    this.#rules = policies.map(({ pattern, file, input }) => ({
      pattern,
      file,
      isFor: identityMatcher(pattern),
      // A session policy gives nothing, it limits: here what the agent's own policies, which are asked first, allow.
      evaluator: compilePolicySet({ identity: [EVERYTHING], session: [input] }),
    }));
    const hash = createHash("sha256").update(base.version);
    for (const { pattern, file, evaluator } of this.#rules) {
      hash.update(`\n${pattern.length}:${pattern}${file.length}:${file}${evaluator.version}`);
    }
    this.version = policies.length === 0 ? base.version : hash.digest("hex").slice(0, 12);
    this.findings = [
      ...base.findings,
      ...this.#rules.flatMap(({ evaluator }) => evaluator.findings.filter(({ policy }) => policy !== EVERYTHING.name)),
    ];
    this.#withoutSession = this.#judgeFor(BASE_IDENTITY);
  }

  /** What judges requests of a session with this lineage; without one, those with the proxy's own credentials. */
  judge(lineage: readonly string[] | undefined): Judge {
    if (lineage === undefined) return this.#withoutSession;
    const identity = identityOf({ lineage });
    const known = this.#judges.get(identity);
    if (known !== undefined) return known;
    // Which roles there are, agents have a say in.
    if (this.#judges.size >= MOST_REMEMBERED) this.#judges.clear();
    const judge = this.#judgeFor(identity);
    this.#judges.set(identity, judge);
    return judge;
  }

  #judgeFor(identity: string): Judge {
    const { version, findings } = this;
    const base = this.#base;
    const rules = identity === BASE_IDENTITY ? [] : this.#rules.filter(({ isFor }) => isFor(identity));
    // Whether a role that nobody named is one of those limited cannot be told: it must be named by its operation.
    const unnamed = identity !== BASE_IDENTITY && !identity.startsWith("arn:") && this.#rules.length > 0;
    const further = unnamed && rules.length === 0 ? unknownRole(identity) : undefined;
    if (this.#rules.length === 0) return base;
    return {
      version,
      findings,
      evaluateAll: (checks) =>
        together(
          base.evaluateAll(checks),
          () => rules.map((rule) => inWords(rule, identity, rule.evaluator.evaluateAll(checks))),
          version,
          further,
        ),
      explain: (request) => {
        const whole: Explanation = base.explain(request);
        const explained = rules.map((rule) => ({ rule, ...rule.evaluator.explain(request) }));
        return {
          decision: together(
            whole.decision,
            () => explained.map(({ rule, decision }) => inWords(rule, identity, decision)),
            version,
            further,
          ),
          statements: [
            ...whole.statements,
            ...explained.flatMap(({ statements }) =>
              statements.filter(({ statement }) => statement.policy !== EVERYTHING.name),
            ),
          ],
        };
      },
    };
  }
}

interface Rule extends RolePolicy {
  readonly isFor: (identity: string) => boolean;
  readonly evaluator: PolicyEvaluator;
}

const MOST_REMEMBERED = 1000;

const EVERYTHING: PolicyInput = {
  name: "(what the agent's own policies allow)",
  document: '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}',
};

/** All must allow; a Deny of any wins over what one of them does not allow. */
function together(
  base: Decision,
  others: () => readonly Decision[],
  policyVersion: string,
  further: Decision | undefined,
): Decision {
  const decisions = base.outcome === "explicitDeny" ? [base] : [base, ...others(), ...(further ? [further] : [])];
  const decided =
    decisions.find(({ outcome }) => outcome === "explicitDeny") ??
    decisions.find(({ outcome }) => outcome === "implicitDeny") ??
    base;
  return { ...decided, policyVersion };
}

/** A role's policy is no session policy that was given, but one that holds for a session. */
function inWords({ pattern, file }: Rule, identity: string, decision: Decision): Decision {
  if (decision.outcome === "allowed") return decision;
  const which = `--policy-for ${pattern}=${file}, which holds for ${identity}`;
  const reason = decision.reason.replace(/^no session policy allows/, `no policy for the role allows`);
  return { ...decision, reason: `${reason} (${which})`, blockedBy: [] };
}

function unknownRole(identity: string): Decision {
  return {
    outcome: "implicitDeny",
    reason: `which role a session of ${identity} is of is not known, so that no policy for roles can be chosen; --policy-for ${identity}=FILE says which holds for it`,
    by: "iam",
    matchedStatements: [],
    missingContextKeys: [],
    unevaluated: [],
    blockedBy: [],
    policyVersion: "",
  };
}
