import { Credentials } from "@iap/aws-core";
import { VerbError } from "@iap/cred-vendor";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readTokenRequest } from "../../src/tokens/token-request.ts";
import { MAX_TOKEN_SECONDS } from "../../src/tokens/token-subject.ts";

const now = new Date("2026-11-23T12:34:56Z");
const credentials = new Credentials({
  accessKeyId: "ASIAEXAMPLE",
  secretAccessKey: "secret",
  sessionToken: "token+/=",
  expiration: new Date("2026-11-23T18:00:00Z"),
});
const read = (members: object) => readTokenRequest({ version: 1, verb: "token", ...members }, "eu-west-1");
const rds = { kind: "rds", hostname: "db.c0ffee.us-east-1.rds.amazonaws.com", port: "5432", username: "app" };
const dsql = { kind: "dsql", hostname: "abcdefghijklmnopqrstuvwxyz.dsql.us-east-1.on.aws" };
const eks = { kind: "eks", clusterName: "prod" };
const codecommit = { kind: "codecommit", host: "git-codecommit.us-east-1.amazonaws.com", path: "v1/repos/app" };

describe("a token that is asked for by name", () => {
  test("is of the STS of the region named, else of the proxy's", () => {
    expect(read(eks).subject).toMatchObject({ head: { host: "sts.eu-west-1.amazonaws.com" } });
    expect(read({ ...eks, region: "cn-north-1" }).subject).toMatchObject({
      head: { host: "sts.cn-north-1.amazonaws.com.cn" },
      scope: { service: "sts", region: "cn-north-1" },
    });
  });

  test.each([
    ["db.c0ffee.us-east-1.rds.amazonaws.com", "us-east-1", "aws"],
    ["db.cluster-ro-c0ffee.us-gov-west-1.rds.amazonaws.com", "us-gov-west-1", "aws-us-gov"],
    ["db.c0ffee.rds.cn-north-1.amazonaws.com.cn", "cn-north-1", "aws-cn"],
    ["Orders.proxy-c0ffee.eu-west-1.rds.amazonaws.com", "eu-west-1", "aws"],
  ])("is of the region and partition of its database: %s", (hostname, region, partition) => {
    const { subject } = read({ ...rds, hostname });
    expect(subject.scope).toEqual({ service: "rds-db", region });
    expect(subject.call("123456789012").checks[0]?.resource).toMatchObject({
      pattern: `arn:${partition}:rds-db:${region}:123456789012:dbuser:*/app`,
    });
  });

  test.each([rds, dsql, codecommit])(
    "for $kind is for any account while it is not known whose the credentials are",
    (members) => {
      for (const { resource } of read(members).subject.call(undefined).checks) {
        expect(resource).toMatchObject({ pattern: expect.stringContaining(":*:") });
      }
    },
  );

  test("of a cluster is of us-east-1 where no region is known", () => {
    const { subject } = readTokenRequest({ version: 1, verb: "token", ...eks }, undefined);
    expect(subject.head.host).toBe("sts.us-east-1.amazonaws.com");
  });

  test("of a DSQL cluster is for its admin when that is asked, and of the account that is known", () => {
    const check = (members: object) => read(members).subject.call("123456789012").checks[0];
    const arn = "arn:aws:dsql:us-east-1:123456789012:cluster/abcdefghijklmnopqrstuvwxyz";
    expect(check({ ...dsql, admin: true })).toMatchObject({ action: "dsql:DbConnectAdmin", resource: { arn } });
    expect(check(dsql)).toMatchObject({ action: "dsql:DbConnect", resource: { arn } });
  });

  test("holds for 15 minutes at most, and not longer than the credentials", () => {
    for (const members of [rds, dsql, eks, codecommit]) {
      const { subject } = read(members);
      const life = (of: Credentials): number =>
        (subject.issue({ credentials: of, now }).expiration.getTime() - now.getTime()) / 1000;
      expect(life(credentials)).toBeLessThanOrEqual(MAX_TOKEN_SECONDS);
      const { accessKeyId, secretAccessKey } = credentials;
      const expiration = new Date(now.getTime() + 60_000);
      expect(life(new Credentials({ accessKeyId, secretAccessKey, expiration }))).toBe(60);
      expect(life(new Credentials({ accessKeyId, secretAccessKey }))).toBe(life(credentials));
    }
  });

  test.each([
    [{ kind: "elasticache" }, "of kind eks, rds, dsql, codecommit"],
    [{ ...rds, port: 5432 }, "port is no text"],
    [{ ...rds, port: "65536" }, "port"],
    [{ ...rds, username: "a\nb" }, "database user"],
    [{ ...rds, hostname: "db.c0ffee.us-east-1.rds.amazonaws.com.evil.com" }, "not the endpoint"],
    [{ ...rds, hostname: "db.c0ffee.mars-north-1.rds.amazonaws.com" }, "not the endpoint"],
    [{ ...rds, hostname: "rds.us-east-1.amazonaws.com" }, "not the endpoint"],
    [{ ...rds, clusterName: "prod" }, "takes no clusterName"],
    [{ ...dsql, admin: "yes" }, "neither true nor false"],
    [{ ...dsql, hostname: "x.dsql.us-east-1.on.aws" }, "not the endpoint"],
    [{ ...dsql, hostname: "abcdefghijklmnopqrstuvwxyz.dsql.mars-north-1.on.aws" }, "not the endpoint"],
    [{ ...eks, clusterName: undefined }, "needs clusterName"],
    [{ ...eks, clusterName: "*" }, "letters, digits, - and _"],
    [{ ...eks, region: "mars-north-1" }, "No STS endpoint"],
    [{ ...codecommit, path: "v1/repos/../x" }, "not a repository"],
    [{ ...codecommit, path: "/" }, "UseHttpPath"],
    [{ ...codecommit, host: "git-codecommit.us-east-1.evil.com" }, "not a repository"],
    [{ ...codecommit, password: "p" }, "needs username"],
  ])("is refused for %j", (members, why) => {
    expect(() => read(members)).toThrow(VerbError);
    expect(() => read(members)).toThrow(why);
  });
});

describe("a token that is handed in", () => {
  test("says what it is for, whatever order its parameters have", () => {
    const url = "Db.c0ffee.us-east-1.rds.amazonaws.com:5432/?DBUser=caf%C3%A9&X-Amz-Expires=900&Action=connect";
    const { subject, signed } = read({ kind: "rds", token: url });
    expect(subject.head.target).toBe("/?Action=connect&DBUser=caf%C3%A9");
    expect(subject.head.headers).toEqual([["Host", "Db.c0ffee.us-east-1.rds.amazonaws.com:5432"]]);
    expect(signed).toMatchObject({ head: { target: url.slice(url.indexOf("/")) } });
  });

  const db = "db.c0ffee.us-east-1.rds.amazonaws.com:5432";
  const sts = "sts.us-east-1.amazonaws.com";
  const inEks = (url: string): string => `k8s-aws-v1.${Buffer.from(url).toString("base64url")}`;
  test.each([
    [{ kind: "rds", token: `https://${db}/?Action=connect&DBUser=app` }],
    [{ kind: "rds", token: `${db}/?Action=connect&DBUser=app&DBUser=root` }],
    [{ kind: "rds", token: `${db}/?Action=connect&DBUser=a+b` }],
    [{ kind: "rds", token: `${db}/?Action=connect&DBUser=app&More=1` }],
    [{ kind: "rds", token: `${db}/path?Action=connect&DBUser=app` }],
    [{ kind: "rds", token: `u@${db}/?Action=connect&DBUser=app` }],
    [{ kind: "dsql", token: `${dsql.hostname}/?Action=DbConnect&x-amz-acl=1` }],
    [{ kind: "dsql", token: `${dsql.hostname}:5432/?Action=DbConnect` }],
    [{ ...eks, token: inEks(`http://${sts}/?Action=GetCallerIdentity&Version=2011-06-15`) }],
    [{ ...eks, token: inEks(`https://${sts}/?Action=AssumeRole&Version=2011-06-15`) }],
    [{ ...eks, token: inEks(`https://${sts}.evil.com/?Action=GetCallerIdentity&Version=2011-06-15`) }],
    [{ ...eks, token: inEks(`https://iam.amazonaws.com/?Action=GetCallerIdentity&Version=2011-06-15`) }],
    [{ ...eks, token: `${inEks(`https://${sts}/?Action=GetCallerIdentity&Version=2011-06-15`)}!` }],
  ])("is refused when it is none of its kind: %j", (members) => {
    expect(() => read(members)).toThrow(VerbError);
  });

  test("may be any text: it is read, or refused as a bad request", () => {
    const piece = fc.constantFrom(
      db,
      dsql.hostname,
      sts,
      "/?",
      "Action=",
      "connect",
      "DbConnect",
      "&",
      "DBUser=",
      "%",
      "%0",
      "+",
      "https://",
      ":",
      "é",
      "X-Amz-Signature=",
    );
    const text = fc.oneof(
      fc.string(),
      fc.array(piece, { maxLength: 12 }).map((parts) => parts.join("")),
    );
    fc.assert(
      fc.property(fc.constantFrom("rds", "dsql", "eks"), text, (kind, token) => {
        const members = kind === "eks" ? { ...eks, token: inEks(token) } : { kind, token };
        try {
          read(members);
        } catch (error) {
          if (!(error instanceof VerbError)) throw error;
        }
      }),
      { numRuns: 2000 },
    );
  });
});
