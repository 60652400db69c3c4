import { hash, randomUUID } from "node:crypto";
import {
  type AgentKey,
  AwsError,
  type CredentialScope,
  type DecidedRecord,
  type Decision,
  type FinishedRecord,
  headerValue,
  type Mode,
  type Recorder,
  type RequestHead,
  type ResolvedCall,
} from "@iap/aws-core";
import type { ForwardResult } from "@iap/interceptor";
import { identityOf } from "@iap/policy-generator";

export interface RequestStoryOptions {
  readonly recorder: Recorder;
  readonly mode: Mode;
  /** Names this run of the proxy. */
  readonly run: string;
  readonly now: () => Date;
  /** Told what becomes of each request, for the terminal. */
  readonly onDecided: (record: DecidedRecord) => void;
}

/** What is known of one request so far, and its two records: exactly one `decided` and one `finished`, on every path. */
export class RequestStory {
  /** Joins the records; a denial carries it. */
  readonly id: string = randomUUID();
  readonly #head: RequestHead;
  readonly #options: RequestStoryOptions;
  readonly #started: Date;
  #key: AgentKey | undefined;
  #scope: CredentialScope | undefined;
  #call: ResolvedCall | undefined;
  #payload: string | undefined;
  #principalArn: string | undefined;
  #lineage: readonly string[] | undefined;
  #decided = false;
  #forwarded = false;
  #result: ForwardResult | undefined;
  #errorCode: string | undefined;
  #insteadStatus: number | undefined;
  #issued = false;

  constructor(head: RequestHead, options: RequestStoryOptions) {
    this.#head = head;
    this.#options = options;
    this.#started = options.now();
  }

  get call(): ResolvedCall | undefined {
    return this.#call;
  }

  get scope(): CredentialScope | undefined {
    return this.#scope;
  }

  signedBy(key: AgentKey, scope: CredentialScope): void {
    this.#key = key;
    this.#scope = scope;
  }

  /**
   * `payload` is the hash line of the body, `principalArn` whose credentials the request will go on with, `lineage` how the
   * agent came to them where they are of a session it got.
   */
  resolvedTo(
    call: ResolvedCall,
    {
      payload,
      principalArn,
      lineage,
    }: {
      readonly payload?: string | undefined;
      readonly principalArn?: string | undefined;
      readonly lineage?: readonly string[] | undefined;
    } = {},
  ): void {
    this.#call = call;
    this.#payload = payload;
    this.#principalArn = principalArn;
    this.#lineage = lineage;
  }

  errorCode(code: string): void {
    this.#errorCode = code;
  }

  /** Writes the decision down. Throws `AwsError` when that fails: what cannot be recorded is not forwarded. */
  async decided(decision: Decision, { forwarded }: { readonly forwarded: boolean }): Promise<void> {
    const record = this.#decidedRecord(decision, forwarded);
    this.#decided = true;
    // Before it is written: of a record that could not be, the line may stand in the log all the same.
    this.#forwarded = forwarded;
    try {
      await this.#options.recorder.decided(record);
    } catch (cause) {
      throw new AwsError(
        "InternalFailure",
        "iam-agent-proxy cannot write its activity log, and forwards nothing it cannot record.",
        { cause },
      );
    }
    this.#options.onDecided(record);
  }

  /** Writes down a request that ended with an error before anything was decided. */
  async refused(error: AwsError): Promise<void> {
    if (this.#decided) return;
    const by = limits.has(error.code) ? "limit" : "guard";
    await this.decided(
      {
        outcome: "explicitDeny",
        reason: `${error.code}: ${error.message}`,
        by,
        matchedStatements: [],
        missingContextKeys: [],
        unevaluated: [],
        policyVersion: "",
      },
      { forwarded: false },
    ).catch(() => {
      // It is being refused already; the log's own fault is told by the log.
    });
  }

  /** An answer of ours took the place of upstream's. */
  answeredInstead(status: number): void {
    this.#insteadStatus = status;
  }

  forwarded(result: ForwardResult): void {
    this.#result = result;
    this.ended(result.outcome, this.#insteadStatus ?? result.head.status);
  }

  /** A token was handed out: what it is for happens elsewhere. */
  issued(): void {
    this.#issued = true;
    this.ended("answered", 200);
  }

  ended(outcome: FinishedRecord["outcome"], status: number | undefined): void {
    const now = this.#options.now();
    const headers = this.#result?.head.headers ?? [];
    const unanswered = this.#forwarded && this.#result === undefined && !this.#issued;
    this.#options.recorder.finished({
      v: 1,
      type: "finished",
      id: this.id,
      time: now.toISOString(),
      outcome: unanswered && outcome === "answered" ? "failed" : outcome,
      status,
      errorCode: this.#errorCode,
      requestId: identifier(headerValue(headers, "x-amzn-requestid") ?? headerValue(headers, "x-amz-request-id")),
      bytesUp: this.#result?.bytesUp ?? 0,
      bytesDown: this.#result?.bytesDown ?? 0,
      // The clock may have been set back meanwhile.
      durationMs: Math.max(0, now.getTime() - this.#started.getTime()),
    });
  }

  /** What attempts of one call have in common. SDKs say it themselves; else it is the request, which is the same again. */
  #retry(): string | undefined {
    const invocation = headerValue(this.#head.headers, "amz-sdk-invocation-id");
    if (invocation !== undefined) {
      return `sdk-${/^[0-9a-f-]{36}$/i.test(invocation) ? invocation.toLowerCase() : digest(invocation)}`;
    }
    const { method, host, target } = this.#head;
    return this.#payload === undefined ? undefined : `req-${digest(`${method} ${host} ${target} ${this.#payload}`)}`;
  }

  #decidedRecord({ outcome, reason, by, policyVersion }: Decision, forwarded: boolean): DecidedRecord {
    const call = this.#call;
    return {
      v: 1,
      type: "decided",
      id: this.id,
      time: this.#options.now().toISOString(),
      run: this.#options.run,
      mode: this.#options.mode,
      agent: this.#key?.agent,
      session: this.#key?.session,
      accessKeyId: this.#key?.credentials.accessKeyId,
      principalArn: this.#principalArn,
      role: roleIn(this.#lineage) ?? roleOf(this.#principalArn),
      lineage: this.#lineage,
      host: this.#head.host,
      method: this.#head.method,
      retry: this.#retry(),
      service: call?.service ?? this.#scope?.service,
      operations: call?.operations ?? [],
      protocol: call?.protocol,
      region: call?.region ?? this.#scope?.region,
      account: call?.account,
      marker: call?.marker,
      checks: call?.checks ?? [],
      decision: { outcome, reason, by, policyVersion },
      forwarded,
    };
  }
}

/** A request id; what is longer is none, and may be anything that a customer's endpoint has seen. */
function identifier(text: string | undefined): string | undefined {
  return text !== undefined && text.length <= 64 ? text : undefined;
}

/** Of text that may hold anything: a record has its digest only. */
function digest(text: string): string {
  return hash("sha256", text).slice(0, 32);
}

/** The role whose session was assumed, with its path. */
export function roleIn(lineage: readonly string[] | undefined): string | undefined {
  const identity = lineage === undefined ? undefined : identityOf({ lineage });
  return identity?.startsWith("arn:") ? identity : undefined;
}

/** The role of an assumed-role session. Its path is not in the ARN of the session, so that this names a role without one. */
function roleOf(principalArn: string | undefined): string | undefined {
  const parts = /^arn:([^:]+):sts::(\d{12}):assumed-role\/([^/]+)\//.exec(principalArn ?? "");
  return parts === null ? undefined : `arn:${parts[1]}:iam::${parts[2]}:role/${parts[3]}`;
}

/** Errors that are no judgement of the request: there was no room, or no way, to go on. */
const limits: ReadonlySet<AwsError["code"]> = new Set(["EntityTooLarge", "ServiceUnavailable", "InternalFailure"]);
