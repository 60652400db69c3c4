import { readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { readJson } from "./botocore.ts";

export type OverrideMarker = "permissionless" | "unsigned" | "bearer" | "unknown";

/** What was decided by hand for one operation. Every entry says where it is written. */
export interface OperationOverride {
  /** Full names; replaces whatever the other sources say. */
  readonly actions?: readonly string[];
  readonly marker?: OverrideMarker;
  /** Names an action the Authorization Reference lacks on purpose. */
  readonly unlisted?: true;
  readonly source: string;
}

/** Reviewed by hand for one botocore service: `overrides/<service>.json`. */
export interface ServiceOverrides {
  /** The IAM prefix, where it is not the signing name. */
  readonly prefix?: string;
  /** The default for operations that no other entry names. */
  readonly all?: OperationOverride;
  readonly operations?: Readonly<Record<string, OperationOverride>>;
  /** Operations that botocore's models lack; a REST one says where it is on the wire. */
  readonly extra?: Readonly<Record<string, OperationOverride & { readonly wire?: readonly string[] }>>;
  /** Operations that SDKs send otherwise than their model says: further `METHOD /uri` of an operation. */
  readonly wire?: Readonly<Record<string, readonly string[]>>;
  /** A path that the endpoint rules put in front of every URI. */
  readonly pathPrefix?: string;
  readonly source?: string;
}

export function readOverrides(dir: string): ReadonlyMap<string, ServiceOverrides> {
  const overrides = new Map<string, ServiceOverrides>();
  for (const file of readdirSync(dir).sort()) {
    const read = readJson(join(dir, file)) as ServiceOverrides;
    const where = (entry: string): string => `${file}: ${entry} needs a "source": the URL of the page that says so`;
    if ((read.prefix ?? read.wire ?? read.pathPrefix) !== undefined && !read.source) throw new Error(where("the file"));
    for (const [name, entry] of Object.entries({
      ...read.operations,
      ...read.extra,
      ...(read.all && { all: read.all }),
    })) {
      if (!entry.source?.startsWith("https://")) throw new Error(where(name));
    }
    overrides.set(basename(file, ".json"), read);
  }
  return overrides;
}
