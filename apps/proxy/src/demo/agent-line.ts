/** A line that the demo's agent writes to its stdout, as JSON. */
export type AgentLine = { readonly accessKeyId: string } | AgentResult;

/** What came of a call. */
export interface AgentResult {
  readonly operation: string;
  readonly subject: string;
  readonly status: number;
  /** What matters in the answer. */
  readonly found?: string | undefined;
  /** Of an error. */
  readonly code?: string | undefined;
  readonly message?: string | undefined;
}
