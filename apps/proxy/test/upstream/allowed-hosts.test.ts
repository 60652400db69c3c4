import { type Endpoint, parseEndpoint } from "@iap/aws-core";
import { describe, expect, test } from "vitest";
import { parseAllowedHosts } from "../../src/upstream/allowed-hosts.ts";
import { UsageError } from "../../src/usage-error.ts";

const api = "abc123.execute-api.us-east-1.amazonaws.com";
const functionUrl = "0123456789abcdefghijklmnopqrstuv.lambda-url.us-east-1.on.aws";
const domain = "search-logs-0123456789abcdefghijklmnop.us-east-1.es.amazonaws.com";
const s3Endpoint = "vpce-0a1b2c3d4e5f-abcdefgh.s3.us-east-1.vpce.amazonaws.com";
const sqsEndpoint = "vpce-0a1b2c3d4e5f-abcdefgh.sqs.us-east-1.vpce.amazonaws.com";

function at(host: string): Endpoint {
  return parseEndpoint(host) as Endpoint;
}

describe("a rule", () => {
  test.each([api, functionUrl, domain, sqsEndpoint])("opens its own host (%s)", (host) => {
    const rules = parseAllowedHosts([host]);
    expect(rules.includes(at(host))).toBe(true);
    expect(rules.account(at(host))).toBeUndefined();
  });

  test("opens no other host", () => {
    const rules = parseAllowedHosts([api]);
    expect(rules.includes(at(`x${api}`))).toBe(false);
    expect(rules.includes(at(api.replace("us-east-1", "us-east-2")))).toBe(false);
    expect(rules.includes(at("s3.us-east-1.amazonaws.com"))).toBe(false);
  });

  test("is the same in capitals", () => {
    expect(parseAllowedHosts([api.toUpperCase()]).includes(at(api))).toBe(true);
  });

  test("says whose endpoint it is", () => {
    expect(parseAllowedHosts([`${api}=999999999999`]).account(at(api))).toBe("999999999999");
  });

  test("for S3's VPC endpoint opens every bucket, access point and control host served there", () => {
    const rules = parseAllowedHosts([s3Endpoint]);
    for (const front of ["bucket.", "reports.bucket.", "ap-123456789012.accesspoint.", "123456789012.control."]) {
      expect(rules.includes(at(`${front}${s3Endpoint}`)), front).toBe(true);
    }
    expect(rules.includes(at(`bucket.${s3Endpoint.replace("0a1b", "0b1b")}`))).toBe(false);
  });
});

test("without rules no customer's endpoint is open", () => {
  expect(parseAllowedHosts([]).includes(at(api))).toBe(false);
});

test.each<[string, string, RegExp]>([
  ["a wildcard", "*.execute-api.us-east-1.amazonaws.com", /one whole host name without/],
  ["a URL", `https://${api}/prod`, /one whole host name without/],
  ["a port", `${api}:443`, /one whole host name without/],
  ["nothing", "", /one whole host name without/],
  ["an account that is none", `${api}=1234`, /twelve digits/],
  ["an empty account", `${api}=`, /twelve digits/],
  ["a host that is not AWS's", "example.com", /not a host of AWS/],
  ["a host of AWS's own API", "sts.us-east-1.amazonaws.com", /needs no rule/],
  ["a host that takes no signatures", "reports.s3-website-us-east-1.amazonaws.com", /no signed request is ever sent/],
  ["an account at a VPC endpoint", `${sqsEndpoint}=123456789012`, /leave the account out/],
])("%s is refused", (_name, option, reason) => {
  expect(() => parseAllowedHosts([option])).toThrow(UsageError);
  expect(() => parseAllowedHosts([option])).toThrow(reason);
});

test("one host with two accounts is refused, said twice alike is not", () => {
  expect(() => parseAllowedHosts([api, `${api}=123456789012`])).toThrow(`names ${api} twice`);
  parseAllowedHosts([`${api}=123456789012`, `${api}=123456789012`]);
});
