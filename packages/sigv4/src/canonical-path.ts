import { isS3Family } from "./s3-family.ts";
import { uriEncode, uriReencode } from "./uri-encode.ts";

/** How a service canonicalises the path it was sent. */
export interface PathRule {
  /** Empty and `.` segments are dropped, and `..` takes back the segment before it. */
  readonly normalise: boolean;
  /** The path is encoded as it stands on the wire, so that an escape there is encoded a second time. */
  readonly encodeTwice: boolean;
}

/** The path rule of a service: the S3 family signs the key exactly, everything else a normalised path encoded twice. */
export function pathRule(service: string): PathRule {
  return isS3Family(service) ? EXACT : NORMALISED;
}

const EXACT: PathRule = { normalise: false, encodeTwice: false };
const NORMALISED: PathRule = { normalise: true, encodeTwice: true };

/** The canonical form of a raw request path (without the query). */
export function canonicalPath(path: string, { normalise, encodeTwice }: PathRule): string {
  if (path === "" || path === "/") return "/";
  const normalised = normalise ? normalisedPath(path) : path;
  return encodeTwice ? uriEncode(normalised, true) : uriReencode(normalised, true);
}

function normalisedPath(path: string): string {
  if (!path.includes("//") && !path.includes("/.")) return path;
  const segments: string[] = [];
  for (const segment of path.split("/")) {
    if (segment === "..") segments.pop();
    else if (segment !== "" && segment !== ".") segments.push(segment);
  }
  const slash = segments.length > 0 && path.endsWith("/") ? "/" : "";
  return `/${segments.join("/")}${slash}`;
}
