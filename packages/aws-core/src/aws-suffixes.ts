import { extraSuffixes, partitions } from "./endpoints.data.ts";

/** The DNS suffixes under which AWS runs its services, in every partition, sorted, each once: `amazonaws.com`, `api.aws` ... */
export const awsSuffixes: readonly string[] = [
  ...new Set([
    ...partitions.flatMap(([, dns, dualStack]) => [dns, dualStack]),
    ...extraSuffixes.map(([suffix]) => suffix),
  ]),
].sort();
