import type { Check } from "@iap/aws-core";

/** The IAM actions of a call, each once. A call that needs no permission counts as `service:Operation`; an unknown one has none. */
export function actionsOf(call: {
  readonly service?: string | undefined;
  readonly operations: readonly string[];
  readonly marker?: string | undefined;
  readonly checks: readonly Check[];
}): readonly string[] {
  if (call.checks.length > 0) return [...new Set(call.checks.map(({ action }) => action))];
  if (call.marker === "unknown" || call.marker === "ambiguous" || call.service === undefined) return [];
  return call.operations.map((operation) => `${call.service}:${operation}`);
}
