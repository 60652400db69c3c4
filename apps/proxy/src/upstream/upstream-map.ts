import type { ConnectAddress } from "@iap/interceptor";
import { UsageError } from "../usage-error.ts";
import { hostPattern } from "./host-pattern.ts";

/**
 * Parses `PATTERN=HOST:PORT` options into a function from a host to the address to connect to. `*` in a pattern stands
 * for any text, the first pattern that matches wins, and hosts that match none connect where their names resolve to.
 */
export function parseUpstreamMap(
  options: readonly string[],
): ((host: string, port: number) => ConnectAddress | undefined) | undefined {
  if (options.length === 0) return undefined;
  const rules = options.map(parseRule);
  return (host) => rules.find(({ matches }) => matches(host))?.address;
}

function parseRule(option: string): { matches: (host: string) => boolean; address: ConnectAddress } {
  const match = /^([a-z0-9.*-]+)=(?:\[([0-9a-f:.]+)\]|([a-z0-9.-]+)):(\d{1,5})$/i.exec(option);
  const port = Number(match?.[4]);
  if (match === null || port < 1 || port > 65535) {
    throw new UsageError(
      `--upstream-map takes PATTERN=HOST:PORT, such as '*.amazonaws.com=127.0.0.1:8443', not '${option}'`,
    );
  }
  return {
    matches: hostPattern(match[1] as string),
    address: { host: (match[2] ?? match[3]) as string, port },
  };
}
