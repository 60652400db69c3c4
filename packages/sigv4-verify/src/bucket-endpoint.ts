import { type Endpoint, parseEndpoint } from "@iap/aws-core";

/** The endpoint of a host at which S3 serves buckets, named by the host or the path; undefined for any other, access points among them. */
export function bucketEndpoint(host: string): Endpoint | undefined {
  const endpoint = parseEndpoint(host);
  const style = endpoint?.s3?.style;
  return style === "path" || style === "virtual" ? endpoint : undefined;
}
