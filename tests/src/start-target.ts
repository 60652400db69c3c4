import { DirectTarget } from "./direct-target.ts";
import type { RealCredentials } from "./fake-aws/signature-oracle.ts";
import { ProxyProcess } from "./proxy-process.ts";
import { type Target, targetKind, type UpstreamAws } from "./target.ts";

/** The target of this run, in front of an AWS: the product in record mode, or the plain tunnel. */
export function startTarget(aws: UpstreamAws, credentials: RealCredentials): Promise<Target> {
  return targetKind === "direct"
    ? DirectTarget.start(aws, credentials)
    : ProxyProcess.start(aws, { credentials, mode: "record" });
}
