/** How grave a finding is, in IAM Access Analyzer's words. A policy with an `ERROR` is one that AWS would refuse. */
export type FindingLevel = "ERROR" | "SECURITY_WARNING" | "WARNING" | "SUGGESTION";

/** Something worth saying about a policy document: what, where, and what to do. */
export interface Finding extends Place {
  readonly level: FindingLevel;
  /** Stable, for programs: `DUPLICATE_KEY`, `INVALID_EFFECT`, `UNKNOWN_ELEMENT`, ... */
  readonly code: string;
  /** One sentence for people. */
  readonly message: string;
  /** What to write instead. */
  readonly fix: string;
}

/** A place in a document. */
export interface Place {
  /** `Statement[0].Action[2]`; empty for the document itself. */
  readonly path: string;
  /** From 1; only for documents given as text. */
  readonly line?: number | undefined;
  /** From 1, in UTF-16 units as editors count; only for documents given as text. */
  readonly column?: number | undefined;
}

/** A text of a document and where it stands. */
export interface LocatedText {
  readonly text: string;
  readonly place: Place;
}

/** Adds a finding. */
export type Report = (level: FindingLevel, code: string, at: Place, message: string, fix: string) => void;

/** A finding and the policy it is in: its name, usually its file. */
export interface PolicyFinding extends Finding {
  readonly policy: string;
}

/** Policies that AWS would refuse, or that are none, and so are not evaluated. `findings` lists every reason. */
export class PolicyValidationError extends Error {
  override readonly name = "PolicyValidationError";
  readonly findings: readonly PolicyFinding[];

  constructor(findings: readonly PolicyFinding[]) {
    super(findings.map(describeFinding).join("\n"));
    this.findings = findings;
  }
}

/** One line for people: `policy.json:4:17: Statement[0].Effect: Effect must be Allow or Deny. Write ...` */
export function describeFinding({ policy, line, column, path, message, fix }: PolicyFinding): string {
  const position = line === undefined ? "" : `:${line}:${column ?? 1}`;
  const where = path === "" ? "" : ` ${path}:`;
  return `${policy}${position}:${where} ${message} ${fix}`;
}
