import { TwoReadings } from "./member-value.ts";
import { readXml, type XmlElement } from "./xml-reader.ts";

/** What the body of an S3 request says that checks or condition keys rest on; undefined where it is another operation's. */
export interface S3Body {
  /** The role that a replication configuration hands to S3. */
  readonly role?: string | undefined;
  readonly tags?: readonly (readonly [key: string, value: string])[] | undefined;
  readonly retention?: { readonly mode: string | undefined; readonly until: string | undefined } | undefined;
  readonly legalHold?: string | undefined;
  readonly bucket?:
    | { readonly location: string | undefined; readonly tags: readonly (readonly [key: string, value: string])[] }
    | undefined;
}

/** Operations of S3, beside DeleteObjects, whose body is read. */
export const s3BodyOperations: ReadonlySet<string> = new Set([
  "CreateBucket",
  "PutBucketReplication",
  "PutObjectLegalHold",
  "PutObjectRetention",
  "PutObjectTagging",
]);

/** Reads those. Throws `TwoReadings` for XML that has more than one reading. */
export function readS3Body(operation: string, body: Uint8Array | undefined): S3Body {
  if (!s3BodyOperations.has(operation)) return {};
  if (body === undefined) throw new TwoReadings(`the body was not read, and ${operation} says in it what it does`);
  if (body.length === 0) return operation === "CreateBucket" ? { bucket: { location: undefined, tags: [] } } : {};
  let root: XmlElement;
  try {
    root = readXml(body);
  } catch (error) {
    throw new TwoReadings((error as Error).message);
  }
  switch (operation) {
    case "CreateBucket":
      return { bucket: { location: textIn(root, "LocationConstraint"), tags: tagsIn(only(root, "Tags")) } };
    case "PutBucketReplication":
      return { role: textIn(root, "Role") };
    case "PutObjectLegalHold":
      return { legalHold: textIn(root, "Status") };
    case "PutObjectRetention":
      return { retention: { mode: textIn(root, "Mode"), until: textIn(root, "RetainUntilDate") } };
    default:
      return { tags: tagsIn(only(root, "TagSet")) };
  }
}

function only({ children, name: parent }: XmlElement, name: string): XmlElement | undefined {
  const found = children.filter((child) => child.name === name);
  if (found.length > 1) throw new TwoReadings(`${parent} names ${name} more than once`);
  if (found.length === 0 && children.some((child) => child.name.toLowerCase() === name.toLowerCase()))
    throw new TwoReadings(`${name} is not spelled as the API has it`);
  return found[0];
}

function textIn(element: XmlElement, name: string): string | undefined {
  const found = only(element, name);
  if (found !== undefined && found.children.length > 0) throw new TwoReadings(`${name} holds elements`);
  return found?.text || undefined;
}

function tagsIn(set: XmlElement | undefined): readonly (readonly [key: string, value: string])[] {
  const tags = (set?.children ?? []).map((tag): readonly [string, string] => {
    if (tag.name !== "Tag") throw new TwoReadings(`${tag.name} is not expected among tags`);
    return [textIn(tag, "Key") ?? "", textIn(tag, "Value") ?? ""];
  });
  if (new Set(tags.map(([key]) => key)).size < tags.length) throw new TwoReadings("a tag is there more than once");
  return tags;
}
