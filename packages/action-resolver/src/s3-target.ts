import type { CheckResource, Endpoint } from "@iap/aws-core";
import { inPattern } from "./in-pattern.ts";

/** What an S3 request acts on, as resources of IAM. */
export interface S3Target {
  /** The IAM prefix: `s3`, `s3express`, `s3-outposts` or `s3-object-lambda`. */
  readonly prefix: string;
  readonly partition: string;
  /** At a zonal endpoint of S3 Express every request is authorised as the session it needs. */
  readonly session: boolean;
  readonly bucket: CheckResource;
  readonly object: (key: string) => CheckResource;
}

/** The resources of a request by its host form; a string says why the host and the path do not fit together. */
export function s3Target(
  endpoint: Endpoint,
  bucket: string | undefined,
  account: string | undefined,
): S3Target | string {
  const { s3, partition } = endpoint;
  const target = targetIn(partition);
  const accessPoint = (arn: string, prefix: string): S3Target =>
    target(prefix, { arn }, (key) => ({ arn: `${arn}/object/${key}` }));
  const unknownTarget = (prefix: string, why: string): S3Target => {
    const resource = { pattern: "*", why };
    return target(prefix, resource, () => resource);
  };
  const region = endpoint.region ?? "";
  switch (s3?.style) {
    case "accessPoint":
      return accessPoint(`arn:${partition}:s3:${region}:${s3.account}:accesspoint/${s3.accessPoint}`, "s3");
    case "multiRegionAccessPoint": {
      // The host names the alias, not the account it belongs to.
      const arn = `arn:${partition}:s3::*:accesspoint/${s3.accessPoint}`;
      const why = "a multi-region access point's account is not in the request";
      return target("s3", { pattern: arn, why }, (key) => ({ pattern: `${arn}/object/${inPattern(key)}`, why }));
    }
    case "objectLambda": {
      if (s3.accessPoint === undefined)
        return unknownTarget("s3-object-lambda", "the object Lambda access point is not in the host");
      const arn = `arn:${partition}:s3-object-lambda:${region}:${s3.account}:accesspoint/${s3.accessPoint}`;
      return target("s3-object-lambda", { arn }, () => ({ arn }));
    }
    case "outposts": {
      if (s3.accessPoint === undefined)
        return unknownTarget("s3-outposts", "an alias does not say which access point it stands for");
      return accessPoint(
        `arn:${partition}:s3-outposts:${region}:${s3.account}:outpost/${s3.outpost}/accesspoint/${s3.accessPoint}`,
        "s3-outposts",
      );
    }
    case "express": {
      const zonal = s3.bucket !== undefined;
      const resource = expressBucket(endpoint, bucket, account);
      return { ...target("s3express", resource, () => resource), session: zonal };
    }
    case "path":
    case "virtual":
      return bucket === undefined
        ? target("s3", { none: true }, () => ({ none: true }))
        : generalBucket(partition, bucket);
    default:
      return "the host is not one of S3's object API";
  }
}

/** The source of a copy: `bucket/key`, or the ARN of an object behind an access point. */
export function sourceTarget(
  partition: string,
  source: string,
): { readonly prefix: string; readonly resource: CheckResource } | undefined {
  if (source.startsWith("arn:")) {
    const point =
      /^arn:[a-z-]+:(s3|s3-outposts):[a-z0-9-]*:\d{12}:(?:outpost\/[a-z0-9-]+\/)?accesspoint\/[A-Za-z0-9.-]+\/object\/[\s\S]+$/.exec(
        source,
      );
    return point === null ? undefined : { prefix: point[1] as string, resource: { arn: source } };
  }
  const slash = source.indexOf("/");
  const bucket = source.slice(0, slash);
  if (slash <= 0 || slash === source.length - 1 || !/^[A-Za-z0-9][A-Za-z0-9._-]{1,254}$/.test(bucket)) return undefined;
  return { prefix: "s3", resource: generalBucket(partition, bucket).object(source.slice(slash + 1)) };
}

function generalBucket(partition: string, bucket: string): S3Target {
  // Aliases of access points are used like bucket names, and stand for an ARN that only AWS knows.
  const target = targetIn(partition);
  const why = "an alias does not say which access point it stands for";
  if (/-s3alias$/.test(bucket)) {
    const point = `arn:${partition}:s3:*:*:accesspoint/*`;
    return target("s3", { pattern: point, why }, (key) => ({ pattern: `${point}/object/${inPattern(key)}`, why }));
  }
  if (/--ol-s3$|--op-s3$/.test(bucket)) return target("s3", { pattern: "*", why }, () => ({ pattern: "*", why }));
  const arn = `arn:${partition}:s3:::${bucket}`;
  return target("s3", { arn }, (key) => ({ arn: `${arn}/${key}` }));
}

function expressBucket(
  { partition, region }: Endpoint,
  bucket: string | undefined,
  account: string | undefined,
): CheckResource {
  if (bucket === undefined) return { none: true };
  // A zonal host serves directory buckets and their access points (`name--zone--xa-s3`).
  const kind = bucket.endsWith("--xa-s3") ? "accesspoint" : "bucket";
  if (account !== undefined) return { arn: `arn:${partition}:s3express:${region}:${account}:${kind}/${bucket}` };
  const why = "the account of the bucket is not in the request";
  return { pattern: `arn:${partition}:s3express:${region}:*:${kind}/${bucket}`, why };
}

function targetIn(partition: string) {
  return (prefix: string, bucket: CheckResource, object: (key: string) => CheckResource): S3Target => ({
    prefix,
    partition,
    session: false,
    bucket,
    object,
  });
}
