import { expect, test } from "vitest";
import { hostForScope, parseEndpoint } from "../src/index.ts";

test.each([
  ["sts", "us-east-1", "sts.amazonaws.com"],
  ["sts", "eu-west-1", "sts.eu-west-1.amazonaws.com"],
  ["iam", "us-east-1", "iam.amazonaws.com"],
  ["s3", "us-east-1", "s3.us-east-1.amazonaws.com"],
  ["s3", "eu-west-1", "s3.eu-west-1.amazonaws.com"],
  ["dynamodb", "us-west-2", "dynamodb.us-west-2.amazonaws.com"],
  ["monitoring", "us-east-1", "monitoring.us-east-1.amazonaws.com"],
  ["sqs", "cn-north-1", "sqs.cn-north-1.amazonaws.com.cn"],
  ["ec2", "us-gov-west-1", "ec2.us-gov-west-1.amazonaws.com"],
  ["route53", "us-east-1", "route53.amazonaws.com"],
  ["ses", "us-east-1", "email.us-east-1.amazonaws.com"],
  ["ecr", "eu-central-1", "api.ecr.eu-central-1.amazonaws.com"],
  // No service has these names in its hosts, and one alone signs with them.
  ["iotdata", "us-east-1", "data-ats.iot.us-east-1.amazonaws.com"],
  ["sso-oauth", "us-east-1", "oidc.us-east-1.amazonaws.com"],
])("%s in %s is served at %s", (service, region, host) => {
  expect(hostForScope({ service, region })).toBe(host);
  expect(parseEndpoint(host)?.signingNames).toContain(service);
});

test.each([
  ["nonsense", "us-east-1"],
  ["sts", "mars-1"],
  ["s3", ""],
  ["", "us-east-1"],
  ["..", "us-east-1"],
  // Several services sign with it: the host would be a guess.
  ["lex", "us-east-1"],
])("%j in %j is served nowhere that is known", (service, region) => {
  expect(hostForScope({ service, region })).toBeUndefined();
});
