import { type Endpoint, parseEndpoint, ruleHost } from "@iap/aws-core";
import { UsageError } from "../usage-error.ts";

/** The customers' endpoints that the operator named: nothing is signed for others. */
export interface AllowedHosts {
  includes(endpoint: Endpoint): boolean;
  /** Whose endpoint it is, where the operator said it. */
  account(endpoint: Endpoint): string | undefined;
}

/**
 * Parses `HOST` and `HOST=ACCOUNT_ID` options. A host stands for itself; that of a VPC endpoint (`vpce-...`) for all that
 * S3 serves at it, whatever bucket is in front. Throws `UsageError` for what needs no rule, and for what none can open.
 */
export function parseAllowedHosts(options: readonly string[]): AllowedHosts {
  const rules = new Map<string, string | undefined>();
  for (const option of options) {
    const { host, account } = parseRule(option);
    if (rules.has(host) && rules.get(host) !== account) {
      throw new UsageError(`--allow-host names ${host} twice, and not with the same account`);
    }
    rules.set(host, account);
  }
  const find = (endpoint: Endpoint): string | undefined =>
    [endpoint.host, ruleHost(endpoint)].find((host) => rules.has(host));
  return {
    includes: (endpoint) => find(endpoint) !== undefined,
    account: (endpoint) => rules.get(find(endpoint) ?? ""),
  };
}

function parseRule(option: string): { readonly host: string; readonly account: string | undefined } {
  const [, name = "", account] = /^([^=]*)(?:=(.*))?$/s.exec(option) ?? [];
  const wrong = (why: string): never => {
    throw new UsageError(`--allow-host ${JSON.stringify(option)}: ${why}`);
  };
  const host = name.toLowerCase();
  if (!/^[a-z0-9.-]+$/.test(host)) {
    return wrong(
      "it takes one whole host name without scheme, port, path or wildcard, and then perhaps =ACCOUNT_ID, such as abc123.execute-api.us-east-1.amazonaws.com=123456789012",
    );
  }
  if (account !== undefined && !/^\d{12}$/.test(account)) return wrong("the account after = must be twelve digits");
  // S3's VPC endpoint has no name of its own in use, but with `bucket` and others in front.
  const endpoint = parseEndpoint(host) ?? (host.startsWith("vpce-") ? parseEndpoint(`bucket.${host}`) : undefined);
  if (endpoint === undefined) return wrong("it is not a host of AWS known here, and requests are signed for no other");
  if (endpoint.kind === "neverSigned") return wrong("no signed request is ever sent there, with a rule or without");
  if (endpoint.kind === "service") return wrong("it is a host of AWS's own API, and needs no rule");
  if (account !== undefined && endpoint.vpce !== undefined && endpoint.endpointPrefix !== "execute-api") {
    return wrong("requests at a VPC endpoint name their own resources: leave the account out");
  }
  return { host, account };
}
