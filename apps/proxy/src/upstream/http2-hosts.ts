import { parseEndpoint } from "@iap/aws-core";
import { UsageError } from "../usage-error.ts";
import { hostPattern } from "./host-pattern.ts";

/**
 * Endpoint prefixes of the services with operations that their SDKs call over HTTP/2: all that stream events both ways,
 * and Kinesis' SubscribeToShard. SDKs fall back to HTTP/1.1 for everything else.
 */
const http2Services: ReadonlySet<string> = new Set([
  "bedrock-runtime",
  "health-agent",
  "kinesis",
  "polly",
  "qbusiness",
  "runtime-v2-lex",
  "transcribestreaming",
]);

/**
 * Says for which hosts HTTP/2 is offered: those of the services that need it, and those that match one of the patterns,
 * in which `*` stands for any text. Throws `UsageError`.
 */
export function http2Hosts(patterns: readonly string[]): (host: string) => boolean {
  const added = patterns.map((pattern) => {
    if (!/^[a-z0-9.*-]+$/i.test(pattern)) {
      throw new UsageError(
        `--http2 takes a host name in which * stands for any text, such as '*.amazonaws.com', not '${pattern}'`,
      );
    }
    return hostPattern(pattern);
  });
  return (host) => {
    const prefix = parseEndpoint(host)?.endpointPrefix;
    return (prefix !== undefined && http2Services.has(prefix)) || added.some((matches) => matches(host));
  };
}
