import type {
  ActivityRecord,
  Check,
  CheckResource,
  Context,
  DecidedRecord,
  FinishedRecord,
  Marker,
} from "@iap/aws-core";
import { isOneAction, NOT_AN_ACTION } from "./action-name.ts";
import { identityOf } from "./identity.ts";
import { type Ending, endingOf, invitesRetry, worseOf } from "./recorded-request.ts";

/** One action on one resource in one context, however many requests had it. */
export interface Observation {
  readonly action: string;
  readonly resource: CheckResource;
  /** What is kept of the context. */
  readonly context: Context;
  readonly authoritative: readonly string[];
}

/** One call of an SDK, retries included. */
export interface RecordedCall {
  /** `s3:PutObject`, or method and host where the operation is not known. */
  readonly name: string;
  /** Whose permissions it used: see `identityOf`. */
  readonly identity: string;
  readonly service: string | undefined;
  readonly operations: readonly string[];
  readonly marker: Marker | undefined;
  readonly forwarded: boolean;
  /** ISO 8601. */
  readonly time: string;
  /** What AWS would check, or why that cannot be part of a policy. */
  readonly observations: readonly Observation[] | string;
  readonly ending: Ending;
  /** How often it was sent; more than once when the SDK tried again. */
  readonly attempts: number;
}

export interface RecordingOptions {
  /** Which keys of the context are kept. What rests on other keys cannot be asked later. Default: all. */
  readonly keepsKey?: ((key: string) => boolean) | undefined;
  /** What is known of a request besides its checks: who asked, and when. What the checks say wins. */
  readonly known?: ((record: DecidedRecord) => KnownKeys) | undefined;
}

/** Condition keys of a request, and which others are known to be absent. */
export interface KnownKeys {
  readonly context: Context;
  readonly authoritative: readonly string[];
}

/**
 * A recording, read record by record in any order and kept small: what many requests have in common is there once.
 */
export class Recording {
  readonly #keepsKey: RecordingOptions["keepsKey"];
  readonly #known: RecordingOptions["known"];
  readonly #attempts: Attempt[] = [];
  /** How the requests ended, by id: as the attempt says, once there is one. */
  readonly #ends = new Map<string, Attempt | number>();
  readonly #observations = new Map<string, Observation>();
  /** Lists of one observation and of one operation: most requests have no more. */
  readonly #alone = new Map<Observation | string, readonly [Observation] | readonly [string]>();
  readonly #words = new Map<string, string>();

  constructor({ keepsKey, known }: RecordingOptions = {}) {
    this.#keepsKey = keepsKey;
    this.#known = known;
  }

  add(record: ActivityRecord): void {
    if (record.type === "finished") return this.#end(record);
    const known = this.#ends.get(record.id);
    const attempt = this.#attempt(record, typeof known === "number" ? known : undefined);
    this.#attempts.push(attempt);
    // A record that is there twice, in a damaged recording, ends once.
    if (typeof known === "object") attempt.sameAs = known;
    else this.#ends.set(record.id, attempt);
  }

  /** The calls. */
  calls(): RecordedCall[] {
    const calls: RecordedCall[] = [];
    const groups = new Map<string, Attempt | Attempt[]>();
    for (const attempt of this.#attempts) {
      const { retry } = attempt;
      const known = retry === undefined ? undefined : groups.get(retry);
      if (retry === undefined) calls.push(attempt);
      else if (known === undefined) groups.set(retry, attempt);
      else if (Array.isArray(known)) known.push(attempt);
      else groups.set(retry, [known, attempt]);
    }
    for (const group of groups.values()) {
      if (!Array.isArray(group)) calls.push(group);
      else for (const attempts of this.#retriesIn(group)) calls.push(this.#call(attempts));
    }
    return calls;
  }

  #attempt(record: DecidedRecord, end: number = UNENDED): Attempt {
    const { run, service, operations, checks } = record;
    const told = {
      run: this.#word(run),
      service: service === undefined ? undefined : this.#word(service),
      operations: this.#shared(operations.map((operation) => this.#word(operation))),
      name: this.#word(nameOf(record)),
      identity: this.#word(identityOf(record)),
      observations: this.#observed(checks, this.#known?.(record)),
    };
    return new Attempt(record, told, end);
  }

  #end(record: FinishedRecord): void {
    const known = this.#ends.get(record.id);
    const before = typeof known === "object" ? known.end : known;
    const isFirst = before === undefined || before === UNENDED;
    const ending = endingOf(record);
    const retried = invitesRetry(record) && (isFirst || before >= RETRIED);
    const worst = isFirst ? ending : worseOf(endingIn(before), ending);
    const end = ENDINGS.indexOf(worst) + (retried ? RETRIED : 0);
    if (typeof known === "object") known.end = end;
    else this.#ends.set(record.id, end);
  }

  /** One list for all that have the same only member. */
  #shared<T extends Observation | string>(list: readonly T[]): readonly T[] {
    const [only] = list;
    if (only === undefined || list.length > 1) return list;
    const known = this.#alone.get(only);
    if (known !== undefined) return known as unknown as readonly T[];
    this.#alone.set(only, list as unknown as readonly [string]);
    return list;
  }

  #observed(checks: readonly Check[], known?: KnownKeys): readonly Observation[] | string {
    const observed: Observation[] = [];
    for (const check of checks) {
      if (!isOneAction(check.action)) return NOT_AN_ACTION;
      const context = this.#kept(known === undefined ? check.context : { ...known.context, ...check.context });
      const authoritative =
        this.#keepsKey === undefined ? [...(known?.authoritative ?? NO_KEYS), ...check.authoritative] : NO_KEYS;
      const where = placeOf(check.resource);
      const why = "why" in check.resource ? check.resource.why : "";
      const keys = authoritative.length === 0 ? "" : authoritative.join(" ");
      const key = `${check.action}\n${where}\n${context === EMPTY ? "" : stable(context)}\n${keys}`;
      const earlier = this.#observations.get(key);
      if (earlier !== undefined) {
        // The reason for a pattern may differ between requests; the order of requests must not show.
        if (why !== "" && why < (earlier.resource as { why: string }).why) {
          (earlier.resource as { why: string }).why = why;
        }
        observed.push(earlier);
        continue;
      }
      const fresh = { action: this.#word(check.action), resource: { ...check.resource }, context, authoritative };
      this.#observations.set(key, fresh);
      observed.push(fresh);
    }
    return this.#shared(observed);
  }

  #kept(context: Context): Context {
    let kept: Record<string, Context[string]> | undefined;
    for (const key in context) {
      if (this.#keepsKey !== undefined && !this.#keepsKey(key)) continue;
      kept ??= {};
      kept[key] = context[key] as Context[string];
    }
    return kept ?? EMPTY;
  }

  /** The same text is kept once. */
  #word(text: string): string {
    const known = this.#words.get(text);
    if (known !== undefined) return known;
    this.#words.set(text, text);
    return text;
  }

  /**
   * Which of these attempts, alike in `retry`, are of one call: of one run, about the same, for a client may use an
   * invocation id twice. Requests that only are the same byte for byte are retries of one that failed.
   */
  #retriesIn(attempts: readonly Attempt[]): Attempt[][] {
    const sorted = [...attempts].sort((a, b) => (a.time < b.time || (a.time === b.time && a.id < b.id) ? -1 : 1));
    const groups: Attempt[][] = [];
    for (const attempt of sorted) {
      const group = groups.findLast(
        ([first]) =>
          first?.run === attempt.run && first.identity === attempt.identity && isAboutTheSame(first, attempt),
      );
      const before = group?.at(-1);
      const isRetry = before !== undefined && (attempt.retry?.startsWith("sdk-") === true || endOf(before) >= RETRIED);
      if (isRetry) group?.push(attempt);
      else groups.push([attempt]);
    }
    return groups;
  }

  /** What the last attempt says that AWS answered; failing that, the last that went out; failing that, the last. */
  #call(attempts: readonly Attempt[]): RecordedCall {
    if (attempts.length === 1) return attempts[0] as Attempt;
    const telling =
      attempts.findLast((attempt) => attempt.forwarded && endingIn(endOf(attempt)) !== "unknown") ??
      attempts.findLast(({ forwarded }) => forwarded) ??
      (attempts.at(-1) as Attempt);
    const { name, identity, service, operations, marker, forwarded, observations } = telling;
    const { time } = attempts[0] as Attempt;
    const ending = endingIn(endOf(telling));
    const told = { name, identity, service, operations, marker, forwarded };
    return { ...told, time, observations, ending, attempts: attempts.length };
  }
}

/** One request. A call that was not tried again is its only attempt: recordings are long, and this is most of them. */
class Attempt implements RecordedCall {
  readonly id: string;
  readonly time: string;
  readonly run: string;
  readonly retry: string | undefined;
  readonly forwarded: boolean;
  readonly marker: Marker | undefined;
  readonly service: string | undefined;
  readonly operations: readonly string[];
  readonly name: string;
  readonly identity: string;
  readonly observations: readonly Observation[] | string;
  /** How it ended: see `ENDINGS`. */
  end: number;
  /** The same request, read before. */
  sameAs: Attempt | undefined;

  constructor(
    record: DecidedRecord,
    told: Pick<Attempt, "run" | "service" | "operations" | "name" | "identity" | "observations">,
    end: number,
  ) {
    this.id = record.id;
    this.time = record.time;
    this.run = told.run;
    this.retry = record.retry;
    this.forwarded = record.forwarded;
    this.marker = record.marker;
    this.service = told.service;
    this.operations = told.operations;
    this.name = told.name;
    this.identity = told.identity;
    this.observations = told.observations;
    this.end = end;
    this.sameAs = undefined;
  }

  get ending(): Ending {
    return endingIn(endOf(this));
  }

  get attempts(): number {
    return 1;
  }
}

function endOf({ end, sameAs }: Attempt): number {
  return sameAs?.end ?? end;
}

function endingIn(end: number): Ending {
  return ENDINGS[end % RETRIED] as Ending;
}

/** How requests end, as numbers: there are many. One that invites a retry has `RETRIED` added. */
const ENDINGS: readonly Ending[] = ["answered", "denied", "unknown"];
const RETRIED = 4;
const UNENDED = ENDINGS.indexOf("unknown") + 2 * RETRIED;

function isAboutTheSame({ observations: some }: Attempt, { observations: others }: Attempt): boolean {
  if (typeof some === "string" || typeof others === "string") return some === others;
  return some.length === others.length && some.every((observation, i) => observation === others[i]);
}

const EMPTY: Context = Object.freeze({});
const NO_KEYS: readonly string[] = Object.freeze([]);

function placeOf(resource: CheckResource): string {
  if ("none" in resource) return "none";
  return "pattern" in resource ? `pattern ${resource.pattern}` : `arn ${resource.arn}`;
}

function stable(context: Context): string {
  return JSON.stringify(
    Object.keys(context)
      .sort()
      .map((key) => [key, context[key]]),
  );
}

function nameOf({ checks, service, operations, method, host }: DecidedRecord): string {
  const action = checks[0]?.action;
  if (action !== undefined) return action;
  return service !== undefined && operations[0] !== undefined ? `${service}:${operations[0]}` : `${method} ${host}`;
}
