import type { PolicyType } from "@iap/aws-core";
import { compilePolicySet, type PolicyDocument, type PolicyInput } from "@iap/iam-evaluator";
import { fromDisk, policyText, type ReadText, withPolicies } from "./read-policies.ts";
import { type Judge, parseRolePolicy, RolePolicies } from "./role-policies.ts";
import { sessionPolicyText } from "./session-policy-text.ts";

/** The policies an agent is held to. */
export interface PolicySource {
  /**
   * What judges the agent's requests; of a session that it got from AWS, given by its lineage, the policies for its role
   * too. Undefined when there are none: nothing is judged.
   */
  current(agent: string, lineage?: readonly string[]): Judge | undefined;
}

/** Which files hold the policies. Without any nothing is judged. */
export interface PolicyFileNames {
  readonly policies: readonly string[];
  readonly boundaries: readonly string[];
  readonly sessionPolicies: readonly string[];
  /** `ROLE-PATTERN=FILE`: what sessions of these roles are held to besides. */
  readonly policiesFor?: readonly string[] | undefined;
  /** The ARN of a role whose sessions get the policies as a session policy, too: they must fit. */
  readonly sessionPolicyOf?: string | undefined;
}

/** What a reload changed. */
export interface PolicyChange {
  /** Versions of the set. */
  readonly before: string;
  readonly after: string;
  /** Statements, as people call them: `statement ReadReports in agent.json`. One that was edited is in both. */
  readonly added: readonly string[];
  readonly removed: readonly string[];
}

/** Policies in files, read once and again when told to, never on their own: whoever can write a file must not make it count. */
export class PolicyFiles implements PolicySource {
  readonly #names: PolicyFileNames;
  readonly #read: ReadText;
  #set: CompiledSet | undefined;

  /** Throws `UsageError` naming file, path in the document and the fix. */
  constructor(names: PolicyFileNames, read: ReadText = fromDisk) {
    this.#names = names;
    this.#read = read;
    const { policies, boundaries, sessionPolicies, policiesFor = [] } = names;
    const files = policies.length + boundaries.length + sessionPolicies.length + policiesFor.length;
    if (files > 0) this.#set = compile(names, this.#read);
  }

  current(_agent: string, lineage?: readonly string[]): Judge | undefined {
    return this.#set?.roles.judge(lineage);
  }

  /** The policies as one session policy of `sessionPolicyOf`. */
  get sessionPolicy(): string | undefined {
    return this.#set?.sessionPolicy;
  }

  /** The text of each file, as it counts. */
  get texts(): ReadonlyMap<string, string> {
    return this.#set?.texts ?? new Map();
  }

  /**
   * Reads the files again. Requests that are being decided keep the policies they began with. Throws `UsageError` when
   * there is something wrong, and then nothing has changed. Undefined when there are no policies.
   */
  reload(): PolicyChange | undefined {
    const before = this.#set;
    if (before === undefined) return undefined;
    const after = compile(this.#names, this.#read);
    this.#set = after;
    return {
      before: before.roles.version,
      after: after.roles.version,
      added: without(after.statements, before.statements),
      removed: without(before.statements, after.statements),
    };
  }
}

interface CompiledSet {
  readonly roles: RolePolicies;
  readonly sessionPolicy: string | undefined;
  readonly statements: readonly Statement[];
  readonly texts: ReadonlyMap<string, string>;
}

interface Statement {
  readonly label: string;
  /** Equal for statements that say the same in the same file. */
  readonly identity: string;
}

function compile(names: PolicyFileNames, read: ReadText): CompiledSet {
  const { policies, boundaries, sessionPolicies, policiesFor = [], sessionPolicyOf } = names;
  const texts = new Map<string, string>();
  const readOnce = (file: string): PolicyInput => {
    // One that is named twice is read once: it is to be the same.
    const document = texts.get(file) ?? policyText(file, read);
    texts.set(file, document);
    return { name: file, document };
  };
  const forRoles = policiesFor.map(parseRolePolicy).map((rule) => ({ ...rule, input: readOnce(rule.file) }));
  const identity = policies.map(readOnce);
  const permissionsBoundary = boundaries.map(readOnce);
  const session = sessionPolicies.map(readOnce);
  return withPolicies(() => ({
    texts,
    roles: new RolePolicies(compilePolicySet({ identity, permissionsBoundary, session }), forRoles),
    sessionPolicy:
      sessionPolicyOf === undefined
        ? undefined
        : sessionPolicyText({ identity, limits: [...permissionsBoundary, ...session], roleArn: sessionPolicyOf }),
    statements: [
      ...identity.flatMap((input) => statementsOf(input, "identity")),
      ...permissionsBoundary.flatMap((input) => statementsOf(input, "permissionsBoundary")),
      ...session.flatMap((input) => statementsOf(input, "session")),
      ...forRoles.flatMap(({ pattern, input }) => statementsOf(input, `for ${pattern}`)),
    ],
  }));
}

/** Of a document that has been compiled, so that it is known to be one. */
function statementsOf({ name, document }: PolicyInput, type: PolicyType | `for ${string}`): Statement[] {
  const { Version, Statement } = JSON.parse(document as string) as PolicyDocument;
  return [Statement].flat().map((statement, index) => ({
    label: `statement ${statement.Sid || index} in ${name}`,
    identity: JSON.stringify([type, name, Version, statement]),
  }));
}

/** The statements of one list that the other has not, each as often as it has it more. */
function without(statements: readonly Statement[], others: readonly Statement[]): string[] {
  const counts = new Map<string, number>();
  for (const { identity } of others) counts.set(identity, (counts.get(identity) ?? 0) + 1);
  return statements
    .filter(({ identity }) => {
      const left = counts.get(identity) ?? 0;
      counts.set(identity, left - 1);
      return left <= 0;
    })
    .map(({ label }) => label);
}

/** What a reload changed, for people. */
export function describeChange({ before, after, added, removed }: PolicyChange): string {
  if (before === after) return `policies read again: nothing has changed, version ${after} stays`;
  const changes = [...removed.map((label) => `- ${label}`), ...added.map((label) => `+ ${label}`)];
  const what = changes.length === 0 ? "no statement differs" : changes.join(", ");
  return `policies reloaded, version ${before} -> ${after}: ${what}`;
}
