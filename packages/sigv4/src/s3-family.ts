/**
 * Whether a signing name is of the S3 family, which signs paths as they are (keys may hold `//` and `..`) and demands
 * `x-amz-content-sha256`. See "Create a canonical request" in the IAM guide, which sets S3 apart.
 */
export function isS3Family(service: string): boolean {
  return service === "s3" || service === "s3express" || service === "s3-object-lambda" || service === "s3-outposts";
}
