import type { HeaderLine, RequestHead } from "@iap/aws-core";

/** What is appended unless told otherwise. */
export const DEFAULT_SUFFIX = "iam-agent-proxy/{version} agent/{agent} run/{run}";

export interface UserAgentSuffixOptions {
  /** `{agent}`, `{run}` and `{version}` are filled in; `false`: nothing is appended. */
  readonly template: string | false;
  readonly version: string;
  /** As the activity log names it. */
  readonly run: string;
}

/** What CloudTrail keeps of a User-Agent, in characters: the rest it cuts off (CloudTrail User Guide, "Record contents"). */
const MOST_CHARACTERS = 1024;
const MOST_NAME_CHARACTERS = 64;
const MOST_REMEMBERED = 1000;

/** Tells AWS, and so CloudTrail, which agent made a request: what is appended to the User-Agent of each agent's. */
export function userAgentSuffix({
  template,
  version,
  run,
}: UserAgentSuffixOptions): (agent: string) => string | undefined {
  if (template === false) return () => undefined;
  const known = new Map<string, string>();
  return (agent) => {
    let suffix = known.get(agent);
    if (suffix === undefined) {
      const values: Readonly<Record<string, string>> = { agent: asToken(agent), run, version };
      suffix = template.replace(/\{(agent|run|version)\}/g, (_, name: string) => values[name] as string);
      if (known.size >= MOST_REMEMBERED) known.clear();
      known.set(agent, suffix);
    }
    return suffix;
  };
}

/**
 * The request with the suffix behind its User-Agent; with a User-Agent of its own where it has none. An agent's own may be
 * long, or say the same of somebody else: it is cut to what leaves room for the suffix, which comes last.
 */
export function withUserAgentSuffix<R extends Pick<RequestHead, "headers" | "httpVersion">>(
  request: R,
  suffix: string | undefined,
): R {
  if (suffix === undefined) return request;
  const headers = [...request.headers];
  const at = headers.findLastIndex(([name]) => name.length === 10 && name.toLowerCase() === "user-agent");
  const [name, own] = headers[at] ?? [request.httpVersion === "1.1" ? "User-Agent" : "user-agent", ""];
  const kept = own.slice(0, Math.max(MOST_CHARACTERS - suffix.length - 1, 0));
  const line: HeaderLine = [name, kept === "" ? suffix : `${kept} ${suffix}`];
  if (at < 0) headers.push(line);
  else headers[at] = line;
  return { ...request, headers };
}

/** A name as part of a product in a User-Agent (RFC 9110 section 10.1.5): it can neither end it nor begin another. */
function asToken(name: string): string {
  return name.slice(0, MOST_NAME_CHARACTERS).replace(/[^A-Za-z0-9._~+-]/g, "-") || "-";
}
