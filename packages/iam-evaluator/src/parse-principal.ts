import { didYouMean } from "./did-you-mean.ts";
import type { LocatedText } from "./finding.ts";
import type { Reader } from "./reader.ts";
import type { JsonMember, JsonNode } from "./strict-json.ts";

/** A `Principal` or `NotPrincipal` element. */
export interface ParsedPrincipal {
  /** True for `NotPrincipal`. */
  readonly inverted: boolean;
  readonly entries: readonly PrincipalEntry[];
}

export interface PrincipalEntry extends LocatedText {
  readonly type: PrincipalEntryType;
}

/** `Everyone` is the bare `"*"`. */
export type PrincipalEntryType = (typeof PRINCIPAL_TYPES)[number] | "Everyone";

const PRINCIPAL_TYPES = ["AWS", "Service", "Federated", "CanonicalUser"] as const;

/** Reads `"*"` or `{ "AWS": ..., "Service": ..., "Federated": ..., "CanonicalUser": ... }`. */
export function readPrincipal(reader: Reader, { key, offset, value }: JsonMember, path: string): ParsedPrincipal {
  const { place, unreadable } = reader;
  const inverted = key === "NotPrincipal";
  const elementPath = `${path}.${key}`;
  if (value.kind === "string" && value.value === "*") {
    return { inverted, entries: [{ type: "Everyone", text: "*", place: place(elementPath, value.offset) }] };
  }
  const entries: PrincipalEntry[] = [];
  if (value.kind !== "object" || value.members.length === 0) {
    const at = place(elementPath, value.offset);
    unreadable("INVALID_PRINCIPAL", at, `${key} must be "*" or an object.`, PRINCIPAL_FORM);
    return { inverted, entries };
  }
  for (const member of value.members) {
    const type = PRINCIPAL_TYPES.find((known) => known === member.key);
    const memberPath = `${elementPath}.${member.key}`;
    if (type === undefined) {
      const at = place(memberPath, member.offset);
      const message = `${JSON.stringify(member.key)} is not a kind of principal.`;
      const near = didYouMean(member.key, PRINCIPAL_TYPES);
      const kinds = `The kinds are ${PRINCIPAL_TYPES.join(", ")}, spelt so.`;
      unreadable("INVALID_PRINCIPAL", at, message, near === undefined ? kinds : `Did you mean "${near}"?`);
      continue;
    }
    for (const [item, itemPath] of listed(member.value, memberPath)) {
      const at = place(itemPath, item.offset);
      if (item.kind === "string") entries.push({ type, text: item.value, place: at });
      else unreadable("INVALID_PRINCIPAL", at, `${member.key} must be a string or a list of strings.`, PRINCIPAL_FORM);
    }
  }
  if (entries.length === 0)
    unreadable("INVALID_PRINCIPAL", place(elementPath, offset), `${key} lists nobody.`, PRINCIPAL_FORM);
  return { inverted, entries };
}

const PRINCIPAL_FORM = 'Write {"AWS": "ARN or account"}, or a list of these.';

function listed(node: JsonNode, path: string): readonly (readonly [JsonNode, string])[] {
  return node.kind === "array" ? node.items.map((item, i) => [item, `${path}[${i}]`]) : [[node, path]];
}
