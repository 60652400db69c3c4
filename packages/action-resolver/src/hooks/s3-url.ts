import { type CheckResource, parseEndpoint } from "@iap/aws-core";
import { decodePercent } from "../percent.ts";
import type { ResourceHook } from "./hook.ts";
import { textsOf } from "./resource.ts";

/** Objects of S3 by URL, such as the templates of CloudFormation: AWS reads them with the rights of the caller. */
export const s3Url: ResourceHook = (members, { partition }) =>
  textsOf(members, "url").map((url): CheckResource => {
    const object = objectOf(url);
    return object === undefined
      ? { pattern: `arn:${partition}:s3:::*`, why: "the URL is not that of an object in a bucket" }
      : { arn: `arn:${partition}:s3:::${object}` };
  });

/** Bucket and key, with a slash between them. */
function objectOf(url: string): string | undefined {
  const [, host = "", path = ""] = /^https:\/\/([a-z0-9.-]+)(\/[^?#\\]*)(?:\?[^#]*)?$/i.exec(url) ?? [];
  const s3 = parseEndpoint(host.toLowerCase())?.s3;
  const decoded = decodePercent(path.slice(1));
  if (decoded === undefined || decoded.split("/").some((segment) => segment === "." || segment === ".."))
    return undefined;
  const object = s3?.style === "path" ? decoded : s3?.style === "virtual" && s3.bucket ? `${s3.bucket}/${decoded}` : "";
  return /^[\w.-]+\/./.test(object) ? object : undefined;
}
