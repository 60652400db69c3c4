/** What the host of an S3 request says about what it acts on. */
export interface S3Host {
  readonly style:
    | "path"
    | "virtual"
    | "accessPoint"
    | "multiRegionAccessPoint"
    | "objectLambda"
    | "outposts"
    | "express"
    | "control";
  /** Of `virtual` and `express`; with `outposts`, an access point's alias. Absent where the path names the bucket. */
  readonly bucket?: string | undefined;
  /** The name of `accessPoint`, `objectLambda` and `outposts`, the alias of `multiRegionAccessPoint` (`x.mrap`). */
  readonly accessPoint?: string | undefined;
  readonly account?: string | undefined;
  readonly outpost?: string | undefined;
}

export interface ParsedS3Host {
  readonly region: string | undefined;
  readonly left: readonly string[];
  readonly kind: "service" | "neverSigned";
  readonly endpointPrefix: string;
  readonly signingNames: readonly string[];
  readonly s3: S3Host;
}

/**
 * Reads the labels of a host left of the partition's suffix as one of S3's forms, from the right: region, `dualstack`,
 * service label, and what remains is a bucket (which may hold dots, or be called `s3`), an access point or an account.
 * Undefined when the host is not S3's.
 */
export function parseS3Host(labels: readonly string[], isRegion: (label: string) => boolean): ParsedS3Host | undefined {
  const last = labels.at(-1) as string;
  if (isRegion(last)) {
    const dual = labels.at(-2) === "dualstack" && labels.length > 2;
    const end = dual ? labels.length - 3 : labels.length - 2;
    const service = labels[end];
    return service === undefined ? undefined : regional(service, labels.slice(0, end), last);
  }
  // s3-us-west-2, s3-fips-us-gov-west-1, s3-website-us-east-1, s3-external-1: the region inside the label.
  const dashed = /^(s3-fips|s3-website|s3)-([a-z0-9-]+-\d+)$/.exec(last);
  if (dashed !== null) {
    const [, service = "", where = ""] = dashed;
    if (service === "s3" && where === "external-1") return bucketHost(labels.slice(0, -1), "us-east-1");
    return isRegion(where) ? regional(service, labels.slice(0, -1), where) : undefined;
  }
  if (last === "s3") return bucketHost(labels.slice(0, -1), undefined);
  const accelerated = last === "dualstack" && labels.at(-2) === "s3-accelerate" ? 2 : last === "s3-accelerate" ? 1 : 0;
  if (accelerated > 0 && labels.length > accelerated) return bucketHost(labels.slice(0, -accelerated), undefined);
  if (last === "s3-global" && labels.at(-2) === "accesspoint" && labels.length > 2) {
    const left = labels.slice(0, -2);
    const s3: S3Host = { style: "multiRegionAccessPoint", accessPoint: left.join(".") };
    return service("s3", ["s3"], undefined, left, s3);
  }
  return undefined;
}

function regional(label: string, left: readonly string[], region: string): ParsedS3Host | undefined {
  const form = label.replace(/-fips$/, "");
  switch (form) {
    case "s3":
      return bucketHost(left, region);
    case "s3-website":
      return left.length === 0 ? undefined : { ...bucketHost(left, region), kind: "neverSigned", signingNames: [] };
    case "s3-accesspoint": {
      const point = accessPoint(left);
      return point && service("s3", ["s3"], region, left, { style: "accessPoint", ...point });
    }
    case "s3-object-lambda": {
      // WriteGetObjectResponse puts a route in front, which is no access point: it does not end in an account.
      const s3: S3Host = { style: "objectLambda", ...accessPoint(left) };
      return left.length > 1 ? undefined : service("s3", ["s3-object-lambda"], region, left, s3);
    }
    case "s3-outposts":
      return outposts(left, region);
    case "s3-control": {
      const [account, ...more] = left;
      if (more.length > 0 || (account !== undefined && !/^\d{12}$/.test(account))) return undefined;
      return service("s3-control", ["s3"], region, left, { style: "control", account });
    }
    case "s3express-control":
      return left.length === 0 ? service("s3", ["s3express"], region, left, { style: "express" }) : undefined;
  }
  // s3express-usw2-az1, s3express-fips-usw2-az1
  if (/^s3express-(?:fips-)?[a-z0-9]+-az\d+$/.test(label)) {
    const [bucket, ...more] = left;
    if (more.length > 0) return undefined;
    return service("s3", ["s3express", "s3"], region, left, { style: "express", bucket });
  }
  return undefined;
}

function bucketHost(left: readonly string[], region: string | undefined): ParsedS3Host {
  const s3: S3Host = left.length === 0 ? { style: "path" } : { style: "virtual", bucket: left.join(".") };
  return service("s3", ["s3"], region, left, s3);
}

/** Outposts: the control API has nothing in front; data goes to an access point or a bucket alias on an outpost. */
function outposts(left: readonly string[], region: string): ParsedS3Host | undefined {
  if (left.length === 0) return service("s3-control", ["s3-outposts"], region, left, { style: "control" });
  const [name = "", outpost = "", ...more] = left;
  if (more.length > 0 || !/^(?:op-[0-9a-z]+|ec2)$/.test(outpost)) return undefined;
  const point = accessPoint([name]);
  const s3: S3Host = { style: "outposts", outpost, ...(point ?? { bucket: name }) };
  return service("s3", ["s3-outposts"], region, left, s3);
}

/** `name-123456789012` */
function accessPoint(left: readonly string[]): { accessPoint: string; account: string } | undefined {
  const found = left.length === 1 ? /^([a-z0-9-]+)-(\d{12})$/.exec(left[0] as string) : null;
  return found === null ? undefined : { accessPoint: found[1] as string, account: found[2] as string };
}

function service(
  endpointPrefix: string,
  signingNames: readonly string[],
  region: string | undefined,
  left: readonly string[],
  s3: S3Host,
): ParsedS3Host {
  return { region, left, kind: "service", endpointPrefix, signingNames, s3 };
}
