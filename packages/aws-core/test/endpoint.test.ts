import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { AwsError, checkEndpoint, type Endpoint, isAwsHost, parseEndpoint, ruleHost } from "../src/index.ts";

const scope = (service: string, region: string) => ({ date: "20260101", region, service });

function parse(host: string): Endpoint {
  const endpoint = parseEndpoint(host);
  if (endpoint === undefined) throw new Error(`${host} was not parsed`);
  return endpoint;
}

describe("service hosts", () => {
  test.each([
    // host, endpoint prefix, a signing name, region
    ["sqs.us-east-1.amazonaws.com", "sqs", "sqs", "us-east-1"],
    ["sqs.ap-southeast-7.amazonaws.com", "sqs", "sqs", "ap-southeast-7"],
    ["sqs-fips.us-east-2.amazonaws.com", "sqs", "sqs", "us-east-2"],
    ["sqs.us-east-1.api.aws", "sqs", "sqs", "us-east-1"],
    ["queue.amazonaws.com", "sqs", "sqs", "us-east-1"],
    ["eu-west-1.queue.amazonaws.com", "sqs", "sqs", "eu-west-1"],
    ["sts.amazonaws.com", "sts", "sts", "us-east-1"],
    ["sts.eu-central-1.amazonaws.com", "sts", "sts", "eu-central-1"],
    ["sts-fips.us-west-2.amazonaws.com", "sts", "sts", "us-west-2"],
    ["iam.amazonaws.com", "iam", "iam", "us-east-1"],
    ["iam-fips.amazonaws.com", "iam", "iam", "us-east-1"],
    ["iam.global.api.aws", "iam", "iam", "us-east-1"],
    ["route53.amazonaws.com", "route53", "route53", "us-east-1"],
    ["cloudfront.global.api.aws", "cloudfront", "cloudfront", "us-east-1"],
    ["organizations.us-east-1.amazonaws.com", "organizations", "organizations", "us-east-1"],
    ["networkmanager.us-west-2.amazonaws.com", "networkmanager", "networkmanager", "us-west-2"],
    ["global.health.amazonaws.com", "health", "health", "us-east-1"],
    ["ec2.amazonaws.com", "ec2", "ec2", "us-east-1"],
    ["ec2.eu-west-3.api.aws", "ec2", "ec2", "eu-west-3"],
    ["email.us-east-1.amazonaws.com", "email", "ses", "us-east-1"],
    ["email-fips.us-east-1.amazonaws.com", "email", "ses", "us-east-1"],
    ["monitoring.us-east-1.amazonaws.com", "monitoring", "monitoring", "us-east-1"],
    ["api.ecr.us-east-1.amazonaws.com", "api.ecr", "ecr", "us-east-1"],
    ["ecr-fips.us-east-1.api.aws", "api.ecr", "ecr", "us-east-1"],
    ["portal.sso.us-east-1.amazonaws.com", "portal.sso", "awsssoportal", "us-east-1"],
    ["oidc.us-east-1.amazonaws.com", "oidc", "sso-oauth", "us-east-1"],
    ["runtime.lex.us-east-1.amazonaws.com", "runtime.lex", "lex", "us-east-1"],
    ["runtime-fips.lex.us-east-1.amazonaws.com", "runtime.lex", "lex", "us-east-1"],
    ["runtime.sagemaker.us-east-1.amazonaws.com", "runtime.sagemaker", "sagemaker", "us-east-1"],
    ["data-ats.iot.us-east-1.amazonaws.com", "data-ats.iot", "iotdata", "us-east-1"],
    ["a1b2c3-ats.iot.us-east-1.amazonaws.com", "data-ats.iot", "iotdata", "us-east-1"],
    ["bedrock-runtime.us-east-1.amazonaws.com", "bedrock-runtime", "bedrock", "us-east-1"],
    ["fips.batch.us-east-1.amazonaws.com", "batch", "batch", "us-east-1"],
    ["management.deadline.us-east-1.amazonaws.com", "deadline", "deadline", "us-east-1"],
    ["data-servicediscovery.us-east-1.amazonaws.com", "servicediscovery", "servicediscovery", "us-east-1"],
    ["us-east-1.signin.aws.amazon.com", "signin", "signin", "us-east-1"],
    ["neptune-graph.us-east-1.on.aws", "neptune-graph", "neptune-graph", "us-east-1"],
    ["eu-west-1.elasticmapreduce.amazonaws.com", "elasticmapreduce", "elasticmapreduce", "eu-west-1"],
    ["s3tables.us-east-1.amazonaws.com", "s3tables", "s3tables", "us-east-1"],
    ["123456789012.cloudfront-kvs.global.api.aws", "cloudfront-keyvaluestore", "cloudfront-keyvaluestore", "us-east-1"],
    ["abcde.fgh.endpoint.events.amazonaws.com", "events", "events", "us-east-1"],
    ["transcribestreaming.us-east-1.amazonaws.com", "transcribestreaming", "transcribe", "us-east-1"],
  ])("%s is %s, signed as %s in %s", (host, endpointPrefix, service, region) => {
    const endpoint = parse(host);
    expect(endpoint).toMatchObject({ host, kind: "service", endpointPrefix, region });
    expect(() => checkEndpoint(endpoint, scope(service, region))).not.toThrow();
    expect(isAwsHost(host)).toBe(true);
  });

  test.each([
    ["sts.cn-north-1.amazonaws.com.cn", "aws-cn", "cn-north-1"],
    ["sqs.cn-northwest-1.api.amazonwebservices.com.cn", "aws-cn", "cn-northwest-1"],
    ["iam.amazonaws.com.cn", "aws-cn", "cn-north-1"],
    ["iam.us-gov.amazonaws.com", "aws-us-gov", "us-gov-west-1"],
    ["sts.us-gov-east-1.amazonaws.com", "aws-us-gov", "us-gov-east-1"],
    ["lambda.us-gov-west-1.api.aws", "aws-us-gov", "us-gov-west-1"],
    ["ec2.eusc-de-east-1.amazonaws.eu", "aws-eusc", "eusc-de-east-1"],
    ["s3.us-iso-east-1.c2s.ic.gov", "aws-iso", "us-iso-east-1"],
    ["sqs.us-isob-east-1.sc2s.sgov.gov", "aws-iso-b", "us-isob-east-1"],
    ["ec2.eu-isoe-west-1.cloud.adc-e.uk", "aws-iso-e", "eu-isoe-west-1"],
    ["ec2.us-isof-south-1.csp.hci.ic.gov", "aws-iso-f", "us-isof-south-1"],
    ["route53.us-gov.amazonaws.com", "aws-us-gov", "us-gov-west-1"],
  ])("%s belongs to the partition %s, region %s", (host, partition, region) => {
    expect(parse(host)).toMatchObject({ partition, region, kind: "service" });
  });

  test("a region of another partition than the suffix's is refused", () => {
    expect(parseEndpoint("sqs.cn-north-1.amazonaws.com")).toBeUndefined();
    expect(parseEndpoint("sqs.us-east-1.amazonaws.com.cn")).toBeUndefined();
    expect(parseEndpoint("iam.us-gov.amazonaws.com.cn")).toBeUndefined();
  });

  test("an account-based DynamoDB host tells the account", () => {
    expect(parse("123456789012.ddb.us-east-1.amazonaws.com")).toMatchObject({
      endpointPrefix: "dynamodb",
      account: "123456789012",
      labels: ["123456789012"],
    });
    expect(parseEndpoint("12345.ddb.us-east-1.amazonaws.com")).toBeUndefined();
  });

  test("services that share a host are both named", () => {
    const { signingNames } = parse("maps.geo.us-east-1.amazonaws.com");
    expect(signingNames).toEqual(expect.arrayContaining(["geo", "geo-maps"]));
  });
});

describe("S3 hosts", () => {
  const bucket = (name: string) => ({ style: "virtual", bucket: name });
  test.each([
    ["s3.amazonaws.com", { style: "path" }, undefined],
    ["s3.us-west-2.amazonaws.com", { style: "path" }, "us-west-2"],
    ["s3-us-west-2.amazonaws.com", { style: "path" }, "us-west-2"],
    ["s3-external-1.amazonaws.com", { style: "path" }, "us-east-1"],
    ["s3-fips.us-gov-west-1.amazonaws.com", { style: "path" }, "us-gov-west-1"],
    ["s3-fips-us-gov-west-1.amazonaws.com", { style: "path" }, "us-gov-west-1"],
    ["s3.dualstack.us-west-2.amazonaws.com", { style: "path" }, "us-west-2"],
    ["s3-fips.dualstack.us-west-2.amazonaws.com", { style: "path" }, "us-west-2"],
    ["s3.cn-north-1.amazonaws.com.cn", { style: "path" }, "cn-north-1"],
    ["my-bucket.s3.amazonaws.com", bucket("my-bucket"), undefined],
    ["my-bucket.s3.us-west-2.amazonaws.com", bucket("my-bucket"), "us-west-2"],
    ["my-bucket.s3-us-west-2.amazonaws.com", bucket("my-bucket"), "us-west-2"],
    ["a.dotted.bucket.s3.us-west-2.amazonaws.com", bucket("a.dotted.bucket"), "us-west-2"],
    ["s3.s3.us-west-2.amazonaws.com", bucket("s3"), "us-west-2"],
    ["dualstack.s3.us-west-2.amazonaws.com", bucket("dualstack"), "us-west-2"],
    ["s3.dualstack.s3.us-west-2.amazonaws.com", bucket("s3.dualstack"), "us-west-2"],
    ["us-west-2.s3.eu-west-1.amazonaws.com", bucket("us-west-2"), "eu-west-1"],
    ["iam.s3.amazonaws.com", bucket("iam"), undefined],
    ["my-bucket.s3.dualstack.us-west-2.amazonaws.com", bucket("my-bucket"), "us-west-2"],
    ["my-bucket.s3-fips.us-west-2.amazonaws.com", bucket("my-bucket"), "us-west-2"],
    ["my-bucket.s3-accelerate.amazonaws.com", bucket("my-bucket"), undefined],
    ["my-bucket.s3-accelerate.dualstack.amazonaws.com", bucket("my-bucket"), undefined],
    [
      "reports-123456789012.s3-accesspoint.us-west-2.amazonaws.com",
      { style: "accessPoint", accessPoint: "reports", account: "123456789012" },
      "us-west-2",
    ],
    [
      "reports-123456789012.s3-accesspoint-fips.dualstack.us-west-2.amazonaws.com",
      { style: "accessPoint", accessPoint: "reports", account: "123456789012" },
      "us-west-2",
    ],
    [
      "mfzwi23gnjvgw.mrap.accesspoint.s3-global.amazonaws.com",
      { style: "multiRegionAccessPoint", accessPoint: "mfzwi23gnjvgw.mrap" },
      undefined,
    ],
    [
      "redact-123456789012.s3-object-lambda.us-west-2.amazonaws.com",
      { style: "objectLambda", accessPoint: "redact", account: "123456789012" },
      "us-west-2",
    ],
    ["io-route.s3-object-lambda.us-west-2.amazonaws.com", { style: "objectLambda" }, "us-west-2"],
    [
      "point-123456789012.op-01234567890123456.s3-outposts.us-west-2.amazonaws.com",
      { style: "outposts", accessPoint: "point", account: "123456789012", outpost: "op-01234567890123456" },
      "us-west-2",
    ],
    ["s3-outposts.us-west-2.amazonaws.com", { style: "control" }, "us-west-2"],
    ["s3-outposts.us-west-2.api.aws", { style: "control" }, "us-west-2"],
    [
      "my--usw2-az1--x-s3.s3express-usw2-az1.us-west-2.amazonaws.com",
      { style: "express", bucket: "my--usw2-az1--x-s3" },
      "us-west-2",
    ],
    [
      "my--use1-az4--x-s3.s3express-fips-use1-az4.dualstack.us-east-1.amazonaws.com",
      { style: "express", bucket: "my--use1-az4--x-s3" },
      "us-east-1",
    ],
    ["s3express-control.us-west-2.amazonaws.com", { style: "express" }, "us-west-2"],
    ["123456789012.s3-control.us-west-2.amazonaws.com", { style: "control", account: "123456789012" }, "us-west-2"],
    ["s3-control.dualstack.us-west-2.amazonaws.com", { style: "control" }, "us-west-2"],
  ])("%s", (host, s3, region) => {
    expect(parse(host)).toMatchObject({ kind: "service", s3, region });
  });

  test.each([
    "bucket.s3-control.us-west-2.amazonaws.com",
    "a.b.s3-accesspoint.us-west-2.amazonaws.com",
    "reports.s3-accesspoint.us-west-2.amazonaws.com",
    "s3-accelerate.amazonaws.com",
    "bucket.s3-unknown.us-west-2.amazonaws.com",
    "a.b.s3express-usw2-az1.us-west-2.amazonaws.com",
    "bucket.s3-eu-nowhere.amazonaws.com",
  ])("%s is no form of S3's", (host) => {
    expect(parseEndpoint(host)).toBeUndefined();
  });

  test("website hosts are never signed for", () => {
    expect(parse("b.s3-website-us-east-1.amazonaws.com").kind).toBe("neverSigned");
    expect(parse("b.s3-website.eu-central-1.amazonaws.com").kind).toBe("neverSigned");
  });

  test("the global hosts take any region of the partition, and no other", () => {
    const endpoint = parse("my-bucket.s3.amazonaws.com");
    expect(() => checkEndpoint(endpoint, scope("s3", "eu-west-1"))).not.toThrow();
    expect(() => checkEndpoint(endpoint, scope("s3", "us-gov-west-1"))).toThrow(/valid region, not 'us-gov-west-1'/);
    expect(() => checkEndpoint(endpoint, scope("s3", "*"))).toThrow(AwsError);
  });

  test("a multi-region access point is signed for with SigV4a only", () => {
    const endpoint = parse("abc.mrap.accesspoint.s3-global.amazonaws.com");
    expect(() => checkEndpoint(endpoint, scope("s3", ""))).not.toThrow();
    expect(() => checkEndpoint(endpoint, scope("s3", "us-east-1"))).toThrow(AwsError);
  });

  test("each form of host has its signing names", () => {
    const names = (host: string) => parse(host).signingNames;
    expect(names("b.s3.us-west-2.amazonaws.com")).toEqual(["s3"]);
    expect(names("b--usw2-az1--x-s3.s3express-usw2-az1.us-west-2.amazonaws.com")).toEqual(["s3express", "s3"]);
    expect(names("p-123456789012.s3-object-lambda.us-west-2.amazonaws.com")).toEqual(["s3-object-lambda"]);
    expect(names("s3-outposts.us-west-2.amazonaws.com")).toEqual(["s3-outposts"]);
  });
});

describe("hosts that are not AWS's own API", () => {
  test.each([
    ["abc123.execute-api.us-east-1.amazonaws.com", "execute-api"],
    ["abcdefghij.lambda-url.us-east-1.on.aws", "lambda"],
    ["search-domain-abc.us-east-1.es.amazonaws.com", "es"],
    ["id.us-east-1.aoss.amazonaws.com", "aoss"],
    ["abc.appsync-api.us-east-1.amazonaws.com", "appsync"],
    ["123456789012.dkr.ecr.us-east-1.amazonaws.com", "ecr"],
    ["ABCDEF.gr7.us-east-1.eks.amazonaws.com".toLowerCase(), "eks"],
    ["gw-1.gateway.bedrock-agentcore.us-east-1.amazonaws.com", "bedrock-agentcore"],
  ])("%s is user content of %s, and refused", (host, endpointPrefix) => {
    const endpoint = parse(host);
    expect(endpoint).toMatchObject({ kind: "userContent", endpointPrefix, region: "us-east-1" });
    expect(() => checkEndpoint(endpoint, scope(endpointPrefix, "us-east-1"))).toThrow(/customer's endpoint/);
    expect(isAwsHost(host)).toBe(true);
  });

  test.each([
    "my-alb-1.us-east-1.elb.amazonaws.com",
    "my-nlb-1.elb.us-east-1.amazonaws.com",
    "env.us-east-1.elasticbeanstalk.com.amazonaws.com".replace(".com.amazonaws", ".amazonaws"),
    "ec2-1-2-3-4.compute-1.amazonaws.com",
    "ec2-1-2-3-4.eu-west-1.compute.amazonaws.com",
    "abc.credentials.iot.us-east-1.amazonaws.com",
  ])("%s is never signed for", (host) => {
    const endpoint = parse(host);
    expect(endpoint.kind).toBe("neverSigned");
    expect(() => checkEndpoint(endpoint, scope("ec2", endpoint.region ?? ""))).toThrow(/takes no signed requests/);
  });

  test("a VPC endpoint is parsed as its service, and needs a rule", () => {
    expect(parse("vpce-0a1b2c3d4e5f-abcdefgh.sqs.us-east-1.vpce.amazonaws.com")).toMatchObject({
      endpointPrefix: "sqs",
      signingNames: ["sqs"],
      kind: "userContent",
      vpce: true,
      region: "us-east-1",
    });
    expect(parse("bucket.vpce-0a1b-2c3d.s3.us-east-1.vpce.amazonaws.com")).toMatchObject({
      s3: { style: "path" },
      vpce: true,
    });
    expect(parse("my-bucket.bucket.vpce-0a1b-2c3d.s3.us-east-1.vpce.amazonaws.com").s3).toEqual({
      style: "virtual",
      bucket: "my-bucket",
    });
    expect(parse("p-123456789012.accesspoint.vpce-0a1b-2c3d.s3.us-east-1.vpce.amazonaws.com").s3?.style).toBe(
      "accessPoint",
    );
    expect(parse("123456789012.control.vpce-0a1b-2c3d.s3.us-east-1.vpce.amazonaws.com").s3?.style).toBe("control");
    expect(parseEndpoint("vpce-0a1b.vpce-svc-0a1b.us-east-1.vpce.amazonaws.com")).toBeUndefined();
    expect(parseEndpoint("vpce.amazonaws.com")).toBeUndefined();
    // In front of hosts that take no signatures it takes none either, whatever a rule names.
    expect(parse("vpce-0a1b-2c3d.elb.us-east-1.vpce.amazonaws.com")).toMatchObject({ kind: "neverSigned", vpce: true });
    expect(parse("vpce-ab.bucket.vpce-0a1b-2c3d.s3.us-east-1.vpce.amazonaws.com").s3?.bucket).toBe("vpce-ab");
  });

  test.each([
    ["abc123.execute-api.us-east-1.amazonaws.com", "abc123.execute-api.us-east-1.amazonaws.com"],
    ["vpce-0a1b-2c3d.sqs.us-east-1.vpce.amazonaws.com", "vpce-0a1b-2c3d.sqs.us-east-1.vpce.amazonaws.com"],
    ["bucket.vpce-0a1b-2c3d.s3.us-east-1.vpce.amazonaws.com", "vpce-0a1b-2c3d.s3.us-east-1.vpce.amazonaws.com"],
    ["vpce-ab.bucket.vpce-0a1b-2c3d.s3.us-east-1.vpce.amazonaws.com", "vpce-0a1b-2c3d.s3.us-east-1.vpce.amazonaws.com"],
  ])("a rule for %s names %s", (host, rule) => {
    const endpoint = parse(host);
    expect(ruleHost(endpoint)).toBe(rule);
    const named = (name: string) => checkEndpoint(endpoint, scope(name, "us-east-1"));
    expect(() => named(endpoint.signingNames[0] as string)).toThrow(
      expect.objectContaining({
        code: "AccessDenied",
        message: expect.stringMatching(new RegExp(`--allow-host ${rule}$`)),
      }),
    );
  });
});

describe("what has the beginning of a form, and not the rest of it, is no endpoint", () => {
  test.each([
    "us-east-1.amazonaws.com",
    "dualstack.us-east-1.amazonaws.com",
    "s3-nowhere-1.amazonaws.com",
    "s3-cn-north-1.amazonaws.com",
    "s3-website.us-east-1.amazonaws.com",
    "s3-accesspoint.us-east-1.amazonaws.com",
    "a.b-123456789012.s3-object-lambda.us-east-1.amazonaws.com",
    "x.s3express-control.us-east-1.amazonaws.com",
    "a.b.s3express-use1-az4.us-east-1.amazonaws.com",
    "ap-123456789012.op-1.more.s3-outposts.us-east-1.amazonaws.com",
    "ap-123456789012.other.s3-outposts.us-east-1.amazonaws.com",
    "s3-accelerate.amazonaws.com",
    "accesspoint.s3-global.amazonaws.com",
    "vpce-0a1b-2c3d.s3.us-east-1.vpce.amazonaws.com",
    "x.other.vpce-0a1b-2c3d.s3.us-east-1.vpce.amazonaws.com",
    "x.constructor.vpce-0a1b-2c3d.s3.us-east-1.vpce.amazonaws.com",
    "x.vpce-0a1b-2c3d.sqs.us-east-1.vpce.amazonaws.com",
    "vpce-0a1b-2c3d.sqs.nowhere-1.vpce.amazonaws.com",
    "bucket.s3-external-1.amazonaws.com.cn",
    "amazonaws.com",
    ".amazonaws.com",
  ])("%s", (host) => {
    expect(parseEndpoint(host)).toBeUndefined();
  });

  test("a bucket on an outpost is named where there is no access point", () => {
    expect(parse("alias--op-s3.op-0a1b.s3-outposts.us-east-1.amazonaws.com").s3).toEqual({
      style: "outposts",
      outpost: "op-0a1b",
      bucket: "alias--op-s3",
    });
  });
});

describe("look-alikes", () => {
  test.each([
    "s3.amazonaws.com.evil.com",
    "amazonaws.com.evil",
    "evil-amazonaws.com",
    "s3.evil-amazonaws.com",
    "sqs.us-east-1.amazonaws.com.au",
    "sqs.us-east-1.amazonaws.co",
    "bucket.s3.us-east-1.xamazonaws.com",
    "cloudfront.net",
    "d111111abcdef8.cloudfront.net",
    "app.awsapprunner.com",
    "main.abc.amplifyapp.com",
    "docs.aws.amazon.com",
    "my.awsapps.com",
    "aws.dev",
    "com",
    "",
    "127.0.0.1",
    "169.254.169.254",
    "[::1]",
    "localhost",
  ])("%j is neither an endpoint nor an AWS host", (host) => {
    expect(parseEndpoint(host)).toBeUndefined();
    expect(isAwsHost(host)).toBe(false);
  });

  test.each([
    "sqs.us-east-1.amazonaws.com.",
    "SQS.us-east-1.amazonaws.com",
    "sqs..us-east-1.amazonaws.com",
    ".sqs.us-east-1.amazonaws.com",
    "-b.s3.us-east-1.amazonaws.com",
    "b-.s3.us-east-1.amazonaws.com",
    "b_c.s3.us-east-1.amazonaws.com",
    "b%2e.s3.us-east-1.amazonaws.com",
    "bücher.s3.us-east-1.amazonaws.com",
    "sqs.us-east-1.amazonaws.com:443",
    "user@sqs.us-east-1.amazonaws.com",
    `${"a".repeat(64)}.s3.us-east-1.amazonaws.com`,
    `${"a.".repeat(120)}s3.us-east-1.amazonaws.com`,
    "amazonaws.com",
    "api.aws",
    "made-up-service.us-east-1.amazonaws.com",
    "sqs.nowhere-1.amazonaws.com",
    "x.sqs.us-east-1.amazonaws.com",
    "sqs.us-east-1.us-west-2.amazonaws.com",
  ])("%j is no endpoint", (host) => {
    expect(parseEndpoint(host)).toBeUndefined();
  });

  test("a host under an AWS suffix that is not known is still AWS's, in any case and with a trailing dot", () => {
    expect(isAwsHost("made-up-service.us-east-1.amazonaws.com")).toBe(true);
    expect(isAwsHost("SQS.us-east-1.AMAZONAWS.com.")).toBe(true);
    expect(isAwsHost("amazonaws.com")).toBe(true);
    expect(isAwsHost("anything.api.aws")).toBe(true);
    expect(isAwsHost("x.on.aws")).toBe(true);
  });
});

describe("checkEndpoint", () => {
  test("a scope for another service is refused in AWS's words", () => {
    const endpoint = parse("s3.us-east-1.amazonaws.com");
    expect(() => checkEndpoint(endpoint, scope("sts", "us-east-1"))).toThrow(
      expect.objectContaining({
        code: "SignatureDoesNotMatch",
        message: "Credential should be scoped to correct service: 's3'.",
      }),
    );
  });

  test("a scope for another region is refused, and told the host's", () => {
    expect(() => checkEndpoint(parse("sqs.us-east-1.amazonaws.com"), scope("sqs", "us-west-2"))).toThrow(
      "Credential should be scoped to a valid region, not 'us-west-2'. At this host it is 'us-east-1'.",
    );
    expect(() => checkEndpoint(parse("iam.amazonaws.com"), scope("iam", "eu-west-1"))).toThrow(AwsError);
    expect(() => checkEndpoint(parse("sqs.us-east-1.amazonaws.com"), scope("sqs", "*"))).toThrow(AwsError);
  });

  test("a customer's endpoint that a rule names is held against its scope like any other", () => {
    const endpoint = parse("abc123.execute-api.us-east-1.amazonaws.com");
    const asked: Endpoint[] = [];
    const check = (service: string, region: string, answer: boolean) => () =>
      checkEndpoint(endpoint, scope(service, region), {
        allowed: (about) => {
          asked.push(about);
          return answer;
        },
      });
    expect(check("execute-api", "us-east-1", true)).not.toThrow();
    expect(asked).toEqual([endpoint]);
    expect(check("execute-api", "us-east-1", false)).toThrow(/customer's endpoint/);
    expect(check("lambda", "us-east-1", true)).toThrow("correct service: 'execute-api'");
    expect(check("execute-api", "eu-west-1", true)).toThrow("valid region, not 'eu-west-1'");
  });

  test("no rule opens a host that takes no signatures", () => {
    const endpoint = parse("my-alb-1.us-east-1.elb.amazonaws.com");
    expect(() => checkEndpoint(endpoint, scope("elb", "us-east-1"), { allowed: () => true })).toThrow(
      /takes no signed requests/,
    );
  });

  test("a SigV4a scope has no region to compare", () => {
    expect(() => checkEndpoint(parse("sts.us-east-1.amazonaws.com"), scope("sts", ""))).not.toThrow();
  });
});

describe("laws", () => {
  const label = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?$/);
  const known = fc.constantFrom(
    "sqs.us-east-1.amazonaws.com",
    "b.s3.amazonaws.com",
    "sts.cn-north-1.amazonaws.com.cn",
    "x.on.aws",
  );

  test("whatever an AWS host is followed by, it is not AWS's unless that is an AWS suffix", () => {
    fc.assert(
      fc.property(known, fc.array(label, { minLength: 1, maxLength: 4 }), (host, labels) => {
        const longer = [host, ...labels].join(".");
        fc.pre(!isAwsHost(labels.slice(-5).join(".")));
        expect(parseEndpoint(longer)).toBeUndefined();
      }),
    );
  });

  test("whatever parseEndpoint knows is an AWS host, and its region is in its host or implied", () => {
    fc.assert(
      fc.property(fc.array(label, { minLength: 1, maxLength: 5 }), known, (labels, host) => {
        const endpoint = parseEndpoint([...labels, host].join("."));
        if (endpoint === undefined) return;
        expect(isAwsHost(endpoint.host)).toBe(true);
        expect(endpoint.host.endsWith(host.split(".").slice(-2).join("."))).toBe(true);
      }),
    );
  });

  test("a dotted bucket is everything left of S3's labels", () => {
    fc.assert(
      fc.property(
        fc.array(label, { minLength: 1, maxLength: 6 }),
        fc.constantFrom("s3.us-west-2", "s3.dualstack.eu-west-1", "s3", "s3-fips.us-east-1", "s3-us-west-2"),
        (labels, service) => {
          const bucket = labels.join(".");
          const endpoint = parseEndpoint(`${bucket}.${service}.amazonaws.com`);
          expect(endpoint?.s3).toEqual({ style: "virtual", bucket });
        },
      ),
    );
  });
});
