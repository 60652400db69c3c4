/** What a rule takes for something that is another each time: it becomes `*`. */
export type IdRule = "uuid" | "date" | "number" | "generated";

/** The texts of an ARN between wildcards, and what was taken out. */
export interface Generalised {
  readonly pieces: readonly string[];
  readonly why: string;
}

/**
 * Puts `*` in the place of what looks like an id in an ARN; undefined when nothing does. Never in the name of an S3
 * bucket, which is anybody's, nor in ARNs of services whose resources hand out power (IAM, STS, KMS, Organizations): a
 * wildcard there is for a person to write. Numbers of twelve digits stay: they are accounts.
 */
export function generaliseIds(arn: string, rules: ReadonlySet<IdRule>): Generalised | undefined {
  const from = freeFrom(arn);
  if (from === undefined) return undefined;
  const found: { readonly start: number; readonly end: number; readonly rule: IdRule }[] = [];
  for (const [rule, pattern] of PATTERNS) {
    if (!rules.has(rule)) continue;
    for (const match of arn.matchAll(pattern)) {
      const start = match.index;
      const end = start + match[0].length;
      if (start < from || (rule !== "uuid" && /^\d{12}$/.test(match[0]))) continue;
      if (found.some((other) => start < other.end && other.start < end)) continue;
      found.push({ start, end, rule });
    }
  }
  if (found.length === 0) return undefined;
  found.sort((a, b) => a.start - b.start);
  const pieces: string[] = [];
  let at = 0;
  for (const { start, end } of found) {
    // Two that touch are one wildcard.
    if (start === at && pieces.length > 0) {
      at = end;
      continue;
    }
    pieces.push(arn.slice(at, start));
    at = end;
  }
  pieces.push(arn.slice(at));
  const seen = [...new Set(found.map(({ rule }) => NAMES[rule]))];
  return { pieces, why: `${seen.join(" and ")} became *` };
}

/** Where in an ARN wildcards may be put; undefined when nowhere. */
export function freeFrom(arn: string): number | undefined {
  const service = /^arn:[^:]*:([^:]*):[^:]*:[^:]*:/.exec(arn);
  if (service === null || NEVER.has(service[1] as string)) return undefined;
  const resource = service[0].length;
  if (service[1] !== "s3") return resource;
  const key = arn.indexOf("/", resource);
  return key < 0 ? undefined : key + 1;
}

const NEVER: ReadonlySet<string> = new Set([
  ...["iam", "sts", "kms", "organizations", "account", "sso", "identitystore", "secretsmanager", "s3express"],
]);

const NAMES: Readonly<Record<IdRule, string>> = {
  uuid: "a UUID",
  date: "a date",
  number: "a number",
  generated: "a generated name",
};

/** In the order in which they are tried: what is a UUID is not a date. */
const PATTERNS: readonly (readonly [IdRule, RegExp])[] = [
  ["uuid", /(?<![0-9a-z])[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}(?![0-9a-z])/gi],
  // 2026-11-24, 20261124, 2026/11/24, with a time of day or not.
  [
    "date",
    /(?<!\d)(?:19|20)\d\d([-_./]?)(?:0[1-9]|1[0-2])\1(?:0[1-9]|[12]\d|3[01])(?:[T_ -]?\d\d[:.-]?\d\d(?:[:.-]?\d\d(?:[.,]?\d{1,9})?)?Z?)?(?!\d)/g,
  ],
  ["date", /(?<=\/)(?:19|20)\d\d[/-](?:0[1-9]|1[0-2])(?=\/|$)/g],
  ["date", /(?<=[/:](?:year|month|day|hour|minute|dt|date)=)\d{1,4}(?=\/|$)/gi],
  ["number", /(?<=[/:])\d+(?=$|[/:])/g],
  // Hexadecimal of eight and more with letters and digits, ULIDs, seconds and milliseconds since 1970, long mixtures.
  ["generated", /(?<![0-9a-z])(?=[a-f]*\d)(?=\d*[a-f])[0-9a-f]{8,}(?![0-9a-z])/gi],
  ["generated", /(?<![0-9A-Za-z])[0-7][0-9A-HJKMNP-TV-Z]{25}(?![0-9A-Za-z])/g],
  ["generated", /(?<![0-9A-Za-z])(?:\d{10}|\d{13,})(?![0-9A-Za-z])/g],
  ["generated", /(?<![0-9A-Za-z])(?=[A-Za-z]*\d)(?=[0-9a-z]*[A-Z])(?=[0-9A-Z]*[a-z])[0-9A-Za-z]{16,}(?![0-9A-Za-z])/g],
];
