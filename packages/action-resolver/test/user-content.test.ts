import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type RequestParts, resolve, resolver, scoped, short } from "./support.ts";

const account = "123456789012";
const api = "a1b2c3d4e5.execute-api.us-east-1.amazonaws.com";
const gateway = `arn:aws:execute-api:us-east-1:${account}:a1b2c3d4e5`;
const domain = `search-logs-${"a1".repeat(13)}.us-east-1.es.amazonaws.com`;
const es = `arn:aws:es:us-east-1:${account}:domain/logs`;
const why = (call: Awaited<ReturnType<typeof resolve>>) =>
  call.checks.map(({ resource }) => ("pattern" in resource ? resource.why : undefined));

test("a gateway of AgentCore is invoked, whatever is asked of it", async () => {
  const host = "gw-1a2b3c.gateway.bedrock-agentcore.us-east-1.amazonaws.com";
  for (const target of ["/mcp", "/", "/anything/else"]) {
    const call = await resolve({ method: "POST", host, target }, account);
    expect(call).toMatchObject({ service: "bedrock-agentcore", operations: ["InvokeGateway"] });
    expect(short(call)).toEqual([
      ["bedrock-agentcore:InvokeGateway", `arn:aws:bedrock-agentcore:us-east-1:${account}:gateway/gw-1a2b3c`],
    ]);
  }
  const deeper = await resolve({ method: "POST", host: `a.${host}`, target: "/mcp" }, account);
  expect(deeper.marker).toBe("unknown");
});

describe("an API of API Gateway", () => {
  test.each([
    ["GET", "/prod/pets/7", ["prod/GET/pets/7", "$default/GET/prod/pets/7"]],
    ["POST", "/prod/pets?x=1&x=2&%zz", ["prod/POST/pets", "$default/POST/prod/pets"]],
    ["DELETE", "/prod", ["prod/DELETE/", "$default/DELETE/prod"]],
    ["GET", "/", ["$default/GET/"]],
    ["GET", "/$default/x", ["$default/GET/x", "$default/GET/$default/x"]],
    ["GET", "/prod/", ["prod/GET/", "$default/GET/prod/", "$default/GET/prod"]],
    ["GET", "/prod/a%2Fb", ["prod/GET/a%2Fb", "prod/GET/a/b", "$default/GET/prod/a%2Fb", "$default/GET/prod/a/b"]],
    ["GET", "/prod/*", ["prod/GET/*", "$default/GET/prod/*"]],
    ["PURGE", "/prod/@connections/7", ["prod/PURGE/@connections/7", "$default/PURGE/prod/@connections/7"]],
    ["POST", "/@connections/7", ["@connections/POST/7", "$default/POST/@connections/7"]],
    ["GET", "/prod/@connections", ["prod/GET/@connections", "$default/GET/prod/@connections"]],
  ])("%s %s is Invoke, in the stage of a REST API and in $default", async (method, target, resources) => {
    const call = await resolve({ method, host: api, target }, account);
    expect(call).toMatchObject({ service: "execute-api", operations: ["Invoke"], region: "us-east-1", account });
    expect(call.marker).toBeUndefined();
    expect(short(call)).toEqual(resources.map((rest) => ["execute-api:Invoke", `${gateway}/${rest}`]));
    for (const check of call.checks) {
      expect(check).toMatchObject({
        context: { "aws:RequestedRegion": "us-east-1", "aws:SecureTransport": true },
        authoritative: ["aws:RequestedRegion", "aws:SecureTransport", "aws:UserAgent"],
      });
    }
  });

  test.each([
    ["POST", "/prod/@connections/L0%3D", "PostToConnection", ["L0%3D", "L0="]],
    ["GET", "/prod/@connections/7", "GetConnection", ["7"]],
    ["DELETE", "/prod/@connections/7", "DeleteConnection", ["7"]],
  ])("%s %s speaks to a client of a WebSocket API: %s", async (method, target, operation, ids) => {
    const call = await resolve({ method, host: api, target }, account);
    expect(call.operations).toEqual([operation]);
    expect(short(call)).toEqual(
      ids.map((id) => ["execute-api:ManageConnections", `${gateway}/prod/${method}/@connections/${id}`]),
    );
  });

  test.each([
    "/prod//pets",
    "//prod",
    "//",
    "/prod/./pets",
    "/prod/../admin",
    "/prod/%2e%2e/admin",
    "/prod/a%2F%2E%2E/b",
    "/prod/..",
    "/prod/a%2F%2Fb",
    "/prod/%",
    "/prod/%ff",
  ])("the path %s is ambiguous", async (target) => {
    expect(await resolve({ host: api, target }, account)).toMatchObject({ marker: "ambiguous", checks: [] });
  });

  test("another method asked for by a header is ambiguous", async () => {
    const call = await resolve({ host: api, target: "/prod", headers: [["X-HTTP-Method-Override", "DELETE"]] });
    expect(call).toMatchObject({ marker: "ambiguous" });
  });

  test("a private API is named by its host, or at the VPC endpoint by a header", async () => {
    const target = "/prod/pets";
    const first = async (parts: RequestParts) => short(await resolve(parts, account))[0]?.[1];
    expect(await first({ host: "a1b2c3d4e5-vpce-0a1b.execute-api.us-east-1.amazonaws.com", target })).toBe(
      `${gateway}/prod/GET/pets`,
    );
    const host = "vpce-0a1b-x1.execute-api.us-east-1.vpce.amazonaws.com";
    expect(await first({ host, target, headers: [["x-apigw-api-id", "a1b2c3d4e5"]] })).toBe(`${gateway}/prod/GET/pets`);
    const unnamed = await resolve({ host, target }, account);
    expect(short(unnamed)[0]).toEqual([
      "execute-api:Invoke",
      `~arn:aws:execute-api:us-east-1:${account}:*/prod/GET/pets`,
    ]);
    expect(why(unnamed)[0]).toBe("the request does not say which API it is for");
    const odd = await resolve({ host, target, headers: [["x-apigw-api-id", "*"]] }, account);
    expect(short(odd)[0]?.[1]).toMatch(/^~.*:\*\/prod/);
  });

  test("a header that names another API than the host, or two, is ambiguous", async () => {
    const id = ["x-apigw-api-id", "zzz"] as const;
    expect(await resolve({ host: api, headers: [id] })).toMatchObject({ marker: "ambiguous" });
    const host = "vpce-0a1b-x1.execute-api.us-east-1.vpce.amazonaws.com";
    expect(await resolve({ host, headers: [id, id] })).toMatchObject({ marker: "ambiguous" });
  });

  test("hosts that do not name one API are unknown", async () => {
    for (const host of ["a.b.execute-api.us-east-1.amazonaws.com", "a-b.execute-api.us-east-1.amazonaws.com"]) {
      expect(await resolve({ host, target: "/prod" })).toMatchObject({ marker: "unknown", checks: [] });
    }
  });
});

test("without an account, resources are patterns that say so", async () => {
  const call = await resolve({ host: api, target: "/prod/pets" });
  expect(short(call)[0]).toEqual(["execute-api:Invoke", "~arn:aws:execute-api:us-east-1:*:a1b2c3d4e5/prod/GET/pets"]);
  expect(why(call)).toEqual(["the account of the endpoint is not known", "the account of the endpoint is not known"]);
  const url = await resolve({ host: "abc.lambda-url.us-east-1.on.aws" });
  expect(why(url)).toEqual([
    "a function URL does not say which function it is of; the account of the endpoint is not known",
  ]);
});

test.each([
  ["GET", "/_search?q=1", "ESHttpGet", ["/_search"]],
  ["HEAD", "/", "ESHttpHead", ["/"]],
  ["POST", "/idx/_doc/", "ESHttpPost", ["/idx/_doc/", "/idx/_doc"]],
  ["PUT", "/%3Clogs-%7Bnow%7D%3E", "ESHttpPut", ["/%3Clogs-%7Bnow%7D%3E", "/<logs-{now}>"]],
  ["DELETE", "/a,b", "ESHttpDelete", ["/a,b"]],
  ["PATCH", "/_plugins/x", "ESHttpPatch", ["/_plugins/x"]],
])("%s %s at a search domain is %s on what is below the domain", async (method, target, action, resources) => {
  for (const host of [domain, domain.replace("search-", "vpc-")]) {
    const call = await resolve({ method, host, target }, account);
    expect(call).toMatchObject({ service: "es", operations: [action] });
    expect(short(call)).toEqual(resources.map((rest) => [`es:${action}`, `${es}${rest}`]));
  }
});

test("a search domain whose name cannot be told is any domain, and other methods are unknown", async () => {
  const host = "search-domain-abc.us-east-1.es.amazonaws.com";
  const call = await resolve({ host, target: "/_search" }, account);
  expect(short(call)).toEqual([["es:ESHttpGet", `~arn:aws:es:us-east-1:${account}:domain/*/_search`]]);
  expect(why(call)[0]).toMatch(/does not name its domain/);
  expect(await resolve({ host: domain, method: "OPTIONS" })).toMatchObject({ marker: "unknown" });
  expect(await resolve({ host: domain, target: "/a/../b" })).toMatchObject({ marker: "ambiguous" });
  const dual = await resolve({ host: `search-logs-${"a1".repeat(13)}.aos.us-east-1.on.aws`, target: "/x" }, account);
  expect(short(dual)).toEqual([["es:ESHttpGet", `${es}/x`]]);
});

test.each([
  [
    "abc.lambda-url.us-east-1.on.aws",
    "/any//path",
    "lambda:InvokeFunctionUrl",
    "~lambda:us-east-1:123456789012:function:*",
  ],
  [
    "abc123.us-east-1.aoss.amazonaws.com",
    "/idx/_search",
    "aoss:APIAccessAll",
    "aoss:us-east-1:123456789012:collection/abc123",
  ],
  [
    "abc123.aoss.us-east-1.on.aws",
    "/idx/_search",
    "aoss:APIAccessAll",
    "aoss:us-east-1:123456789012:collection/abc123",
  ],
  ["abc.appsync-api.us-east-1.amazonaws.com", "/graphql", "appsync:GraphQL", "~appsync:us-east-1:123456789012:apis/*"],
  [
    "abc.appsync-api.us-east-1.amazonaws.com",
    "/event",
    "appsync:EventPublish",
    "~appsync:us-east-1:123456789012:apis/*",
  ],
])("%s%s is %s on %s", async (host, target, action, resource) => {
  const call = await resolve({ method: "POST", host, target }, account);
  const [service = "", operation] = action.split(":");
  expect(call).toMatchObject({ service, operations: [operation] });
  expect(short(call)).toEqual([[action, resource.replace(/^(~?)/, "$1arn:aws:")]]);
});

test.each([
  ["abc.appsync-api.us-east-1.amazonaws.com", "/other"],
  ["abc.appsync-api.us-east-1.amazonaws.com", "/graphql/../event"],
  ["abc.appsync-realtime-api.us-east-1.amazonaws.com", "/graphql"],
  ["dashboards.us-east-1.aoss.amazonaws.com", "/"],
  ["a.b.us-east-1.aoss.amazonaws.com", "/"],
  ["123456789012.dkr.ecr.us-east-1.amazonaws.com", "/v2/"],
  ["123456789012.d.codeartifact.us-east-1.amazonaws.com", "/"],
])("%s%s stays unknown", async (host, target) => {
  const call = await resolve({ method: "POST", host, target }, account);
  expect(call).toMatchObject({ marker: "unknown", checks: [], why: expect.stringContaining("customer's endpoint") });
});

test("no customer's endpoint needs its body read, and none waits for a table", () => {
  for (const host of [api, domain, "abc.lambda-url.us-east-1.on.aws", "abc.appsync-api.us-east-1.amazonaws.com"]) {
    expect(resolver.needsBody(scoped({ method: "POST", host, streaming: true }))).toBe(false);
  }
});

describe("at a VPC endpoint AWS's own API answers", () => {
  const vpce = (service: string, front = "") => `${front}vpce-0a1b-x1.${service}.us-east-1.vpce.amazonaws.com`;

  test("requests are read as at the service's own host", async () => {
    const headers = [["X-Amz-Target", "AmazonSQS.SendMessage"]] as const;
    const form = [["Content-Type", "application/x-www-form-urlencoded"]] as const;
    const pairs: (readonly [string, string, Partial<RequestParts>])[] = [
      [vpce("sqs"), "sqs.us-east-1.amazonaws.com", { method: "POST", headers }],
      [
        vpce("sts"),
        "sts.us-east-1.amazonaws.com",
        { method: "POST", headers: form, body: "Action=AssumeRole&Version=2011-06-15" },
      ],
      [vpce("lambda"), "lambda.us-east-1.amazonaws.com", { target: "/2015-03-31/functions/f" }],
      [
        vpce("dynamodb"),
        "dynamodb.us-east-1.amazonaws.com",
        { method: "POST", headers: [["X-Amz-Target", "DynamoDB_20120810.Scan"]] },
      ],
      [vpce("s3", "bucket."), "s3.us-east-1.amazonaws.com", { target: "/reports/2026/a.csv" }],
      [vpce("s3", "reports.bucket."), "reports.s3.us-east-1.amazonaws.com", { target: "/2026/a.csv", method: "PUT" }],
      [
        vpce("s3", "p-123456789012.accesspoint."),
        "p-123456789012.s3-accesspoint.us-east-1.amazonaws.com",
        { target: "/k" },
      ],
      [
        vpce("s3", "123456789012.control."),
        "123456789012.s3-control.us-east-1.amazonaws.com",
        { target: "/v20180820/jobs" },
      ],
    ];
    for (const [host, own, parts] of pairs) {
      const call = await resolve({ ...parts, host }, account);
      expect(call).toEqual(await resolve({ ...parts, host: own }, account));
      expect(call.checks.length).toBeGreaterThan(0);
    }
  });

  test("bodies are needed as at the service's own host", async () => {
    const post = {
      method: "POST",
      streaming: true,
      headers: [["Content-Type", "application/x-www-form-urlencoded"]],
    } as const;
    await resolver.load("sts");
    await resolver.load("s3");
    expect(resolver.needsBody(scoped({ ...post, host: vpce("sts") }))).toBe(true);
    expect(resolver.needsBody(scoped({ method: "POST", host: vpce("s3", "b.bucket."), target: "/?delete" }))).toBe(
      true,
    );
    expect(resolver.needsBody(scoped({ method: "PUT", host: vpce("s3", "b.bucket."), target: "/k" }))).toBe(false);
  });

  test("a customer's registry behind one stays unknown", async () => {
    expect(await resolve({ host: vpce("dkr.ecr"), target: "/v2/" })).toMatchObject({ marker: "unknown" });
  });
});

test("whatever the path, the call has checks or a marker, and never throws", () =>
  fc.assert(
    fc.asyncProperty(
      fc.constantFrom("GET", "POST", "DELETE", "X"),
      fc.constantFrom(api, domain, "abc.appsync-api.us-east-1.amazonaws.com"),
      fc.array(fc.constantFrom("/", "a", ".", "%2F", "%2e", "%", "@connections", "graphql", "é", "?", "*"), {
        maxLength: 8,
      }),
      async (method, host, pieces) => {
        const call = await resolve({ method, host, target: `/${pieces.join("")}` }, account);
        expect(call.marker === undefined).toBe(call.checks.length > 0);
        for (const { resource } of call.checks) {
          if ("arn" in resource) expect(resource.arn).not.toMatch(/\/\.\.?(\/|$)/);
        }
      },
    ),
    { numRuns: 300 },
  ));
