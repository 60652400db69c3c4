import { awsSuffixes, isAwsHost } from "@iap/aws-core";

export interface NoProxy {
  /** What the agent's NO_PROXY is to be. */
  readonly value: string;
  /** The inherited entries that were left out: they would lead AWS's requests, or those for its metadata, past the proxy. */
  readonly dropped: readonly string[];
}

const own = ["localhost", "127.0.0.1", "::1"];

/**
 * The NO_PROXY of an agent: this machine, and of the inherited entries those that no client can take for an AWS host.
 * Clients differ: requests matches any end of a name ("aws.com" exempts amazonaws.com), others whole labels.
 */
export function noProxy(inherited: string | undefined): NoProxy {
  const kept = new Set(own);
  const dropped: string[] = [];
  for (const entry of (inherited ?? "").split(/[\s,]+/)) {
    if (entry === "") continue;
    if (exemptsAws(entry.toLowerCase())) dropped.push(entry);
    else kept.add(entry);
  }
  return { value: [...kept].join(","), dropped };
}

function exemptsAws(entry: string): boolean {
  if (isMetadata(entry)) return true;
  const name = entry
    .replace(/^https?:\/\//, "")
    .replace(/:\d+$/, "")
    .replace(/^\*?\./, "");
  if (name === "" || name.includes("*")) return true;
  if (isAwsHost(name)) return true;
  return suffixes.some((suffix) => suffix.endsWith(name) || name === suffix || name.endsWith(`.${suffix}`));
}

/** Link-local addresses, where the metadata services are, and blocks that hold them. */
function isMetadata(entry: string): boolean {
  return /^169\.254[.\d]*(\/\d+)?$/.test(entry) || /^fd00:ec2:/.test(entry) || /^[\d.:a-f]+\/0$/.test(entry);
}

const suffixes: readonly string[] = [...awsSuffixes, "on.aws"];
