import type { Marker } from "@iap/aws-core";
import type { RecordedCall, RecordingOptions } from "./recording.ts";

export interface WhichCount {
  /** Whether requests that AWS itself denied count. Default false: they show no permission that was there. */
  readonly includeDenied?: boolean | undefined;
  /** Whether requests count of which no answer of AWS is on record. Default false. */
  readonly includeUnfinished?: boolean | undefined;
}

/** How a recording is asked about policies that may have conditions on anything. */
export interface WhatIfOptions extends WhichCount, Pick<RecordingOptions, "known"> {}

/** Why a call shows no permission that a policy must give; undefined when it does. */
export function whyNotCounted(
  { forwarded, marker, ending }: RecordedCall,
  { includeDenied = false, includeUnfinished = false }: WhichCount,
): string | undefined {
  if (!forwarded) return "not forwarded: the proxy denied it";
  if (marker === "unknown" || marker === "ambiguous") return `${marker}: its actions could not be told`;
  if (ending === "denied" && !includeDenied) return "AWS denied it";
  if (ending === "unknown" && !includeUnfinished) return "no answer of AWS is on record";
  return undefined;
}

/** Why a call without checks has none. */
export function whyNoChecks(marker: Marker | undefined): string {
  return marker === undefined ? "its record has no checks" : `${marker}: no policy of the caller decides it`;
}

/** A call that AWS lets through whatever the policies say. */
export const NEEDS_NONE = "needs no permission";
