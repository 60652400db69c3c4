/**
 * What becomes of a header line when a request is signed anew.
 *
 * - `replace`: belongs to the signature; the new one's value takes its place.
 * - `drop`: says something about the way the request came, or is a credential of another kind; not for AWS.
 * - `pass`: goes on but is never signed, because a hop on the way may change it, or because it always may.
 * - `sign`: goes on, signed: S3 refuses `x-amz-*` headers that are not, and the others change what a request means.
 * - `asBefore`: goes on, and is signed if the client had signed it.
 */
export type HeaderFate = "replace" | "drop" | "pass" | "sign" | "asBefore";

/** A header's name as a request has it: in lower case, with the fate of the header. */
export interface HeaderName {
  readonly name: string;
  readonly fate: HeaderFate;
}

/** The lower-case name and the fate of a header, by its name as received. */
export function headerName(received: string): HeaderName {
  const known = knownNames.get(received);
  if (known !== undefined) return known;
  const name = received.toLowerCase();
  const found = { name, fate: headerFate(name) };
  if (knownNames.size >= MAX_KNOWN) knownNames.clear();
  if (received.length <= 64) knownNames.set(received, found);
  return found;
}

// Requests repeat the same few names, and to look one up costs a fraction of what lower case does. An agent can send any
// name: there is room for so many, and then for those that come next.
const MAX_KNOWN = 512;
const knownNames = new Map<string, HeaderName>();

/** The fate of a header, by its lower-case name. */
export function headerFate(name: string): HeaderFate {
  const fate = FATES.get(name);
  if (fate !== undefined) return fate;
  if (name.startsWith("x-amz")) return name.startsWith("x-amz-") || name.startsWith("x-amzn-") ? "sign" : "asBefore";
  if (name.startsWith("x-forwarded-") || name.startsWith("proxy-")) return "drop";
  if (name.startsWith("sec-") || name.startsWith(":")) return "pass";
  return "asBefore";
}

const FATES: ReadonlyMap<string, HeaderFate> = new Map<string, HeaderFate>([
  ["authorization", "replace"],
  ["x-amz-date", "replace"],
  ["x-amz-security-token", "replace"],
  ["x-amz-s3session-token", "replace"],
  ["forwarded", "drop"],
  ["via", "drop"],
  ["host", "sign"],
  ["content-type", "sign"],
  ["content-md5", "sign"],
  ["content-encoding", "sign"],
  ["cache-control", "pass"],
  ["connection", "pass"],
  ["expect", "pass"],
  ["from", "pass"],
  ["keep-alive", "pass"],
  ["max-forwards", "pass"],
  ["pragma", "pass"],
  ["referer", "pass"],
  ["te", "pass"],
  ["trailer", "pass"],
  ["transfer-encoding", "pass"],
  ["upgrade", "pass"],
  ["user-agent", "pass"],
  ["x-amzn-trace-id", "pass"],
]);
