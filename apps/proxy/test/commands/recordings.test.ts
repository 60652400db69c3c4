import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { rotatedName } from "../../src/recording/activity-log.ts";
import { type ProgramResult, runProgram, startProgram } from "../program.ts";
import { decidedRecord, finishedRecord } from "../sample-records.ts";

let home: string;
let dir: string;
let file: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "iap-rec-"));
  dir = join(home, ".iam-agent-proxy");
  file = join(dir, "activity.jsonl");
  mkdirSync(dir);
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const run = (...args: string[]): Promise<ProgramResult> => runProgram(args, { HOME: home });

/** A request for an object, answered with a status. */
function request(
  id: string,
  action: string,
  key: string,
  more: Parameters<typeof decidedRecord>[0] = {},
  status = 200,
  errorCode?: string,
): string {
  const check = { action, resource: { arn: `arn:aws:s3:::b/${key}` }, context: {}, authoritative: [] };
  const operations = [action.slice(3)];
  return [decidedRecord({ id, checks: [check], operations, ...more }), finishedRecord({ id, status, errorCode })]
    .map((record) => `${JSON.stringify(record)}\n`)
    .join("");
}
function recorded(...requests: string[]): void {
  writeFileSync(file, requests.join(""));
}
function policyFile(name: string, ...Statement: object[]): string {
  const path = join(home, name);
  writeFileSync(path, JSON.stringify({ Version: "2012-10-17", Statement }, null, 4));
  return path;
}
const allow = (Sid: string, Action: string, Resource: string): object => ({ Sid, Effect: "Allow", Action, Resource });

const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 25));
const mine = { agent: "ci", run: "run-ci", time: "2026-11-24T09:00:00.000Z" };

describe("a recording of an agent that assumed roles", () => {
  const role = (name: string): string => `arn:aws:iam::123456789012:role/ci/${name}`;
  const as = (...names: string[]) => {
    const lineage = names.map(role);
    return { lineage, role: lineage.at(-1), principalArn: `arn:aws:sts::123456789012:assumed-role/${names.at(-1)}/s` };
  };
  beforeEach(() => {
    recorded(
      request("1", "s3:GetObject", "base"),
      request("2", "s3:GetObject", "one", as("one")),
      request("3", "s3:PutObject", "two", as("one", "two")),
    );
  });
  const grants = ({ Statement }: { Statement: { Resource: string | string[]; Condition?: unknown }[] }): unknown =>
    Statement.map(({ Resource, Condition }) => [...[Resource].flat(), Condition]);
  const only = (name: string): object => ({ StringEquals: { "aws:PrincipalArn": role(name) } });

  test("gives one policy for the proxy, in which a role's part holds for the role", async () => {
    const { stdout, stderr } = await run("policy");
    expect(grants(JSON.parse(stdout))).toEqual([
      ["arn:aws:s3:::b/base", undefined],
      ["arn:aws:s3:::b/one", only("one")],
      ["arn:aws:s3:::b/two", only("two")],
    ]);
    expect(stderr).toContain(`the agent used 3 identities: base, ${role("one")}, ${role("two")}.`);
    writeFileSync(join(home, "all.json"), stdout);
    expect((await run("replay", "--policy", join(home, "all.json"))).code).toBe(0);
    expect((await run("diff", "--policy", join(home, "all.json"))).stdout).toContain(
      "Unused grants: none\nMissing grants: none\n",
    );
    expect((await run("merge", "--policy", join(home, "all.json"))).stderr).toContain("Nothing to add");
    const refused = await run("policy", "--for", "role");
    expect(refused).toMatchObject({ code: 1, stdout: "" });
    expect(refused.stderr).toContain("--per-identity");
  });

  test("gives the policy of one identity, as it can be attached", async () => {
    const policy = async (identity: string): Promise<unknown> =>
      grants(JSON.parse((await run("policy", "--identity", identity, "--for", "role")).stdout));
    expect(await policy("base")).toEqual([["arn:aws:s3:::b/base", undefined]]);
    expect(await policy("one")).toEqual([["arn:aws:s3:::b/one", undefined]]);
    expect(await policy("arn:aws:iam::*:role/ci/t*")).toEqual([["arn:aws:s3:::b/two", undefined]]);
    expect((await run("policy", "--identity", "three")).code).toBe(1);
  });

  test("gives a policy for each, on one stream or in a file each", async () => {
    const { stdout, stderr } = await run("policy", "--per-identity");
    const policies = JSON.parse(stdout) as Record<string, Parameters<typeof grants>[0]>;
    expect(Object.entries(policies).map(([identity, policy]) => [identity, grants(policy)])).toEqual([
      ["base", [["arn:aws:s3:::b/base", undefined]]],
      [role("one"), [["arn:aws:s3:::b/one", undefined]]],
      [role("two"), [["arn:aws:s3:::b/two", undefined]]],
    ]);
    expect(stderr).toContain(`${role("two")}: 1 of 1 requests`);
    const hcl = (await run("policy", "--per-identity", "--format", "hcl")).stdout;
    expect([...hcl.matchAll(/^data "aws_iam_policy_document" "(\w+)"/gm)].map(([, name]) => name)).toEqual([
      "agent_base",
      "agent_one",
      "agent_two",
    ]);
    expect((await run("policy", "--per-identity", "--format", "yaml")).stdout).toContain("# base\n");
    expect((await run("policy", "--per-identity", "--format", "cdk")).stderr).toContain("add --output FILE");
    const report = join(home, "report.json");
    const output = ["--output", join(home, "agent.json"), "--report", report];
    expect((await run("policy", "--per-identity", ...output)).stdout).toBe("");
    for (const name of ["base", "one", "two"]) {
      expect(grants(JSON.parse(readFileSync(join(home, `agent-${name}.json`), "utf8")))).toEqual([
        [`arn:aws:s3:::b/${name}`, undefined],
      ]);
    }
    expect(Object.keys((JSON.parse(readFileSync(report, "utf8")) as { identities: object }).identities)).toEqual([
      ...["base", role("one"), role("two")],
    ]);
  });

  test("widens a policy for a proxy by what a role did for that role alone, and one to attach as it is", async () => {
    const base = allow("S3ReadObject", "s3:GetObject", "arn:aws:s3:::b/base");
    const merged = await run("merge", "--policy", policyFile("base.json", base));
    expect(merged.code).toBe(0);
    expect(grants(JSON.parse(merged.stdout))).toEqual([
      ["arn:aws:s3:::b/base", undefined],
      ["arn:aws:s3:::b/one", only("one")],
      ["arn:aws:s3:::b/two", only("two")],
    ]);
    expect(merged.stderr).toContain("New statement OneS3ReadObject: s3:GetObject on arn:aws:s3:::b/one");
    const attached = await run("merge", "--identity", "one", "--policy", policyFile("one.json", base));
    expect(grants(JSON.parse(attached.stdout))).toEqual([["arn:aws:s3:::b/base", "arn:aws:s3:::b/one", undefined]]);
  });

  test("is told by identity in log, and can be asked by it", async () => {
    const lines = (await run("log")).stdout.split("\n");
    expect(lines.find((line) => line.includes("b/base"))).not.toContain(" as ");
    expect(lines.find((line) => line.includes("b/two"))).toContain(`  as ${role("two")}`);
    expect((await run("log", "--identity", "one", "--json")).stdout.trim().split("\n")).toHaveLength(1);
    const file = policyFile("base.json", allow("A", "s3:GetObject", "arn:aws:s3:::b/base"));
    const { code, stdout } = await run("replay", "--policy", file);
    expect(code).toBe(1);
    expect(stdout).toContain(`DENIED  1 × s3:GetObject on arn:aws:s3:::b/one as ${role("one")}: `);
    expect((await run("replay", "--policy", file, "--identity", "base")).code).toBe(0);
    expect((await run("diff", "--policy", file, "--identity", "base")).code).toBe(0);
  });
});

describe("policy", () => {
  beforeEach(() => {
    recorded(
      request("1", "s3:GetObject", "2026-11-23/a", mine),
      request("2", "s3:GetObject", "2026-11-24/a", { ...mine, time: "2026-11-24T10:00:00.000Z" }),
      request("3", "s3:PutObject", "x", { agent: "someone" }),
    );
  });
  const resources = async (...args: string[]): Promise<unknown> => {
    const { stdout } = await run("policy", ...args);
    return (JSON.parse(stdout) as { Statement: { Resource: unknown }[] }).Statement.map(({ Resource }) => Resource);
  };

  test("is made of the requests that are meant", async () => {
    expect(await resources("--agent", "ci")).toEqual([["arn:aws:s3:::b/2026-11-23/a", "arn:aws:s3:::b/2026-11-24/a"]]);
    expect(await resources("--agent", "ci", "--since", "2026-11-24T09:30:00Z")).toEqual([
      ["arn:aws:s3:::b/2026-11-24/a"],
    ]);
    expect(await resources("--run", "run-ci", "--until", "2026-11-24T09:30:00Z")).toEqual([
      ["arn:aws:s3:::b/2026-11-23/a"],
    ]);
    expect((await run("policy", "--agent", "nobody")).code).toBe(1);
  });

  test("has wider resources when asked, and tells them", async () => {
    expect(await resources("--agent", "ci", "--generalize", "date")).toEqual([["arn:aws:s3:::b/*/a"]]);
    const { stderr } = await run("policy", "--generalize", "date,number");
    expect(stderr).toContain(
      "Widened: arn:aws:s3:::b/2026-11-23/a and 1 more to arn:aws:s3:::b/*/a for s3:GetObject: a date became *",
    );
    expect(stderr).toMatch(
      /^3 of 3 requests, 2 actions, \d+ characters\.\nProven: the evaluator allows all 3 with it\. Over-grant ratio 1\.00\.\n/,
    );
  });

  test("is read from the files the log was renamed to as well", async () => {
    renameSync(file, rotatedName(file, new Date()));
    recorded(request("4", "s3:DeleteObject", "x"));
    expect((await run("policy")).stderr).toContain("4 of 4 requests, 3 actions");
  });

  test.each([
    ["yaml", 'Version: "2012-10-17"\nStatement:\n  - Sid: S3ReadObject\n'],
    ["hcl", 'data "aws_iam_policy_document" "agent" {\n'],
    ["hcl-json", 'resource "aws_iam_policy" "agent" {\n'],
    ["cloudformation", 'AWSTemplateFormatVersion: "2010-09-09"\n'],
    ["cdk", 'import * as iam from "aws-cdk-lib/aws-iam";\n'],
  ])("is written as %s", async (format, text) => {
    expect((await run("policy", "--format", format)).stdout.slice(0, text.length)).toBe(text);
  });

  test("goes to a file, its report to another", async () => {
    const [output, report] = [join(home, "p.json"), join(home, "r.json")];
    const { code, stdout, stderr } = await run("policy", "--output", output, "--report", report);
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: "", stderr: "" });
    expect(JSON.parse(readFileSync(output, "utf8"))).toMatchObject({ Version: "2012-10-17" });
    expect(JSON.parse(readFileSync(report, "utf8"))).toMatchObject({
      ...{ requests: 3, granted: 3, overGrant: 1, policies: 1, format: "json", widenings: [], unknownOperations: [] },
    });
  });

  test("that has to be split goes to a file each", async () => {
    recorded(
      ...Array.from({ length: 300 }, (_, i) => request(`${i}`, "s3:GetObject", `some/longer/key/of/an/object/${i}`)),
    );
    const { code, stderr } = await run("policy", "--for", "managed", "--output", join(home, "p.json"));
    expect(code).toBe(0);
    expect(stderr).toMatch(/1 actions, [234] policies, \d+ characters\./);
    const [one, two] = ["p-1.json", "p-2.json"].map(
      (name) => JSON.parse(readFileSync(join(home, name), "utf8")) as { Statement: unknown[] },
    );
    expect(one?.Statement).toHaveLength(1);
    expect(two?.Statement).not.toEqual(one?.Statement);
    const split = await run("policy", "--for", "managed");
    expect(JSON.parse(split.stdout)).toContainEqual(one);
  });

  test("that does not fit says what to do", async () => {
    recorded(...Array.from({ length: 100 }, (_, i) => request(`${i}`, "s3:GetObject", `some/longer/key/${i}`)));
    const { code, stdout, stderr } = await run("policy", "--for", "user");
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toContain("--generalize all");
    expect((await run("policy", "--for", "user", "--generalize", "all")).code).toBe(0);
  });

  test("of a trail with events of several principals takes one, and says so when it takes all", async () => {
    const trail = join(home, "trail.json");
    const by = (eventID: string, role: string): object => ({
      ...{ eventID, eventTime: "2026-11-24T09:00:00Z", eventSource: "s3.amazonaws.com", eventName: "GetObject" },
      ...{ awsRegion: "eu-west-1", eventType: "AwsApiCall", requestParameters: { bucketName: "acme", key: role } },
      userIdentity: {
        type: "AssumedRole",
        arn: `arn:aws:sts::1:assumed-role/${role}/session-${eventID}`,
        sessionContext: { sessionIssuer: { type: "Role", arn: `arn:aws:iam::1:role/team/${role}` } },
      },
    });
    writeFileSync(trail, JSON.stringify({ Records: [by("1", "ci"), by("2", "ops"), by("3", "ci")] }));
    const all = await run("policy", "--cloudtrail", trail);
    expect(all.stdout).toContain("arn:aws:s3:::acme/ops");
    expect(all.stderr).toContain("2 principals (arn:aws:iam::1:role/team/ci, arn:aws:iam::1:role/team/ops)");
    const one = await run("policy", "--cloudtrail", trail, "--identity", "ci");
    expect(JSON.parse(one.stdout).Statement).toMatchObject([{ Resource: ["arn:aws:s3:::acme/ci"] }]);
    expect(one.stderr).toContain("2 of 2 requests");
    expect(one.stderr).not.toContain("principals");
  });

  test("is made of CloudTrail, and says what that cannot tell", async () => {
    const trail = join(home, "trail.json");
    const event = {
      eventID: "1",
      eventTime: "2026-11-24T09:00:00Z",
      eventSource: "sqs.amazonaws.com",
      eventName: "CreateQueue",
      awsRegion: "eu-west-1",
      eventType: "AwsApiCall",
      recipientAccountId: "123456789012",
      requestParameters: { queueName: "jobs" },
    };
    writeFileSync(trail, JSON.stringify({ Records: [event, {}] }));
    const { code, stdout, stderr } = await run("policy", "--cloudtrail", trail);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      Statement: [{ Action: ["sqs:CreateQueue"], Resource: ["arn:aws:sqs:eu-west-1:123456789012:jobs"] }],
    });
    expect(stderr).toContain(`${trail}:2: passed over: it is not a CloudTrail event`);
    expect(stderr).toContain("Mind: CloudTrail does not log the use of iam:PassRole");
  });
});

describe("replay", () => {
  beforeEach(() => recorded(request("1", "s3:GetObject", "a"), request("2", "s3:PutObject", "a", mine)));

  test("exits with 0 when all would be allowed", async () => {
    const { code, stdout } = await run("replay", "--policy", policyFile("p.json", allow("A", "s3:*", "*")));
    expect({ code, stdout }).toEqual({ code: 0, stdout: "2 of 2 requests would be allowed, 0 denied.\n" });
  });

  test("exits with 1 when some would be denied, and says by what", async () => {
    const policy = policyFile("p.json", allow("A", "s3:Get*", "*"));
    const { code, stdout } = await run("replay", "--policy", policy);
    expect(code).toBe(1);
    expect(stdout).toContain(
      "DENIED  1 × s3:PutObject on arn:aws:s3:::b/a: no identity-based policy allows the s3:PutObject action",
    );
    expect((await run("replay", "--policy", policy, "--until", "2026-06-01")).code).toBe(0);
    const json = await run("replay", "--policy", policy, "--json");
    expect(JSON.parse(json.stdout)).toMatchObject({
      requests: 2,
      allowed: 1,
      deniedRequests: 1,
      denied: [{ action: "s3:PutObject" }],
    });
  });

  test("takes several policies together", async () => {
    const policies = [
      policyFile("a.json", allow("A", "s3:Get*", "*")),
      policyFile("b.json", allow("B", "s3:Put*", "*")),
    ];
    expect((await run("replay", ...policies.flatMap((path) => ["--policy", path]))).code).toBe(0);
  });

  test.each([
    ["no policy", [], "--policy must be given"],
    ["a policy that is not there", ["--policy", "absent.json"], "the policy absent.json cannot be read"],
    ["a policy that is none", ["--policy", "PACKAGE"], "Statement"],
    [
      "a recording that is not there",
      ["--policy", "POLICY", "--activity", "absent.jsonl"],
      "there is no recording at absent.jsonl",
    ],
  ])("exits with 2 for %s", async (_what, args, says) => {
    const broken = join(home, "package.json");
    writeFileSync(broken, "{}");
    const policy = policyFile("p.json", allow("A", "s3:*", "*"));
    const { code, stdout, stderr } = await run(
      "replay",
      ...args.map((arg) => (arg === "PACKAGE" ? broken : arg === "POLICY" ? policy : arg)),
    );
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain(says);
    expect(stderr).not.toMatch(/\n {4}at /);
  });
});

describe("diff", () => {
  test("lists unused, missing and equal, and exits with 1 when there is a difference", async () => {
    recorded(request("1", "s3:GetObject", "a"), request("2", "s3:PutObject", "a"));
    const policy = policyFile("p.json", allow("Reads", "s3:GetObject", "*"), allow("Queues", "sqs:*", "*"));
    const { code, stdout } = await run("diff", "--policy", policy);
    expect(code).toBe(1);
    expect(stdout).toBe(`Unused grants:
  - sqs:* on * (Queues in ${policy})
Missing grants:
  + s3:PutObject on arn:aws:s3:::b/a (1 ×): no identity-based policy allows the s3:PutObject action on resource "arn:aws:s3:::b/a"
Granted and used:
  = s3:GetObject on * (1 ×, Reads in ${policy})
2 requests were compared.
`);
    const json = JSON.parse((await run("diff", "--policy", policy, "--json")).stdout) as Record<string, unknown[]>;
    expect([json.unused, json.missing, json.equal].map((list) => list?.length)).toEqual([1, 1, 1]);
  });

  test("exits with 0 when there is none", async () => {
    recorded(request("1", "s3:GetObject", "a"));
    const policy = policyFile("p.json", allow("Reads", "s3:GetObject", "arn:aws:s3:::b/a"));
    expect((await run("diff", "--policy", policy)).code).toBe(0);
  });
});

describe("merge", () => {
  test("writes the policy with what was recorded, and keeps the rest", async () => {
    recorded(request("1", "s3:GetObject", "a"));
    const policy = policyFile("p.json", allow("Mine", "sqs:*", "*"));
    const { code, stdout, stderr } = await run("merge", "--policy", policy, "--output", policy);
    expect({ code, stdout }).toEqual({ code: 0, stdout: "" });
    expect(stderr).toContain("New statement S3ReadObject: s3:GetObject on arn:aws:s3:::b/a");
    const merged = readFileSync(policy, "utf8");
    expect(JSON.parse(merged)).toMatchObject({ Statement: [allow("Mine", "sqs:*", "*"), { Sid: "S3ReadObject" }] });
    expect(merged).toContain('\n    "Statement": [\n        {');
    expect((await run("replay", "--policy", policy)).code).toBe(0);
    const again = await run("merge", "--policy", policy);
    expect(again.stdout).toBe(merged);
    expect(again.stderr).toContain("Nothing to add");
  });

  test("exits with 1 when a Deny is in the way", async () => {
    recorded(request("1", "s3:GetObject", "a"));
    const policy = policyFile("p.json", { Sid: "No", Effect: "Deny", Action: "s3:*", Resource: "*" });
    const { code, stderr } = await run("merge", "--policy", policy);
    expect(code).toBe(1);
    expect(stderr).toContain("Still denied: s3:GetObject on arn:aws:s3:::b/a: with an explicit deny");
  });

  test("takes one policy", async () => {
    recorded(request("1", "s3:GetObject", "a"));
    expect((await run("merge", "--policy", "a.json", "--policy", "b.json")).code).toBe(2);
  });
});

describe("log", () => {
  beforeEach(() =>
    recorded(
      request("1", "s3:GetObject", "a", { time: "2026-11-24T09:00:00.000Z" }),
      request(
        "2",
        "s3:PutObject",
        "b",
        {
          ...mine,
          forwarded: false,
          decision: { outcome: "implicitDeny", reason: "no policy allows it", by: "iam", policyVersion: "1" },
        },
        403,
      ),
    ),
  );

  test("is a table: a line for each action and resource", async () => {
    const { code, stdout } = await run("log");
    expect(code).toBe(0);
    const [head, first, second, ...rest] = stdout.split("\n");
    expect(head).toMatch(/^TIME \(UTC\) +DECISION +STATUS +TOOK +ACTION +RESOURCE$/);
    expect(first).toMatch(/^2026-11-24 09:00:00 {2}ALLOWED +200 +322 ms {2}s3:GetObject +arn:aws:s3:::b\/a$/);
    expect(second).toMatch(/DENIED +403 +322 ms {2}s3:PutObject +arn:aws:s3:::b\/b {2}no policy allows it$/);
    expect(rest).toEqual([""]);
  });

  test("names the code of an answer, once where the reason begins with it", async () => {
    recorded(
      request("1", "s3:GetObject", "a", {}, 404, "NoSuchKey"),
      request(
        "2",
        "s3:GetObject",
        "b",
        {
          forwarded: false,
          decision: {
            outcome: "explicitDeny",
            reason: "UnknownAccessKey: it is not one",
            by: "guard",
            policyVersion: "1",
          },
        },
        403,
        "UnknownAccessKey",
      ),
    );
    const [, first, second] = (await run("log")).stdout.split("\n");
    expect(first).toMatch(/arn:aws:s3:::b\/a {2}NoSuchKey$/);
    expect(second).toMatch(/arn:aws:s3:::b\/b {2}UnknownAccessKey: it is not one$/);
  });

  test("of many requests the last are those decided last, wherever they stand, with their ends", async () => {
    const time = (n: number) => ({ time: new Date(Date.UTC(2026, 0, 1) + n * 1000).toISOString() });
    const many = Array.from({ length: 2500 }, (_, n) => request(String(n), "s3:GetObject", String(n), time(n)));
    // Two that were decided late stand early, as those of another proxy may.
    const early = [request("x", "s3:GetObject", "x", time(9000)), request("y", "s3:GetObject", "y", time(8000))];
    recorded(...many.slice(0, 10), ...early, ...many.slice(10));
    const lines = (await run("log", "--json", "-n", "4")).stdout.trim().split("\n");
    const shown = lines.map((line) => JSON.parse(line) as { id: string; finished?: { status: number } });
    expect(shown.map(({ id }) => id)).toEqual(["2498", "2499", "y", "x"]);
    expect(shown.map(({ finished }) => finished?.status)).toEqual([200, 200, 200, 200]);
    expect((await run("log", "--json", "-n", "0")).stdout).toBe("");
  });

  test("is in the order of the decisions, whichever of several proxies wrote them", async () => {
    const at = (second: string) => ({ time: `2026-11-24T09:00:${second}.000Z` });
    recorded(request("b", "s3:GetObject", "b", at("02")), request("a", "s3:GetObject", "a", at("01")));
    const lines = (await run("log", "--json", "--last", "1")).stdout.trim().split("\n");
    expect(lines.map((line) => (JSON.parse(line) as { id: string }).id)).toEqual(["b"]);
  });

  test.each([
    [["--decision", "denied"], ["2"]],
    [
      ["--decision", "denied", "--decision", "allowed"],
      ["1", "2"],
    ],
    [["--action", "s3:get*"], ["1"]],
    [["--service", "sqs"], []],
    [["--agent", "ci"], ["2"]],
    [["--last", "1"], ["2"]],
    [["-n", "0"], []],
  ])("with %j shows %j, as JSON a line each", async (args, ids) => {
    const { stdout } = await run("log", "--json", ...args);
    const shown = stdout
      .split("\n")
      .slice(0, -1)
      .map((line) => JSON.parse(line) as { id: string; finished: object });
    expect(shown.map(({ id }) => id)).toEqual(ids);
    for (const { finished } of shown) expect(finished).toMatchObject({ outcome: "answered", durationMs: 322 });
  });

  test("cannot be made to act on the terminal", async () => {
    recorded(request("1", "s3:GetObject", "\u001b[2J\u202e"));
    expect((await run("log")).stdout).toContain("arn:aws:s3:::b/\\u001b[2J\\u202e");
  });

  test("is followed, also when it is renamed, until it is stopped", async () => {
    const { child, output, ended } = await startProgram(["log", "-f"], { HOME: home }, { until: /RESOURCE/ });
    const shows = async (key: string): Promise<void> => {
      for (let i = 0; i < 200 && !output().includes(`:::b/${key}`); i++) await pause();
      expect(output()).toContain(`:::b/${key}\n`);
    };
    // It has begun to follow when it shows what is added.
    for (let i = 0; i < 200 && !output().includes(":::b/begin"); i++) {
      appendFileSync(file, request(`begin-${i}`, "s3:GetObject", "begin"));
      await pause();
    }
    appendFileSync(file, request("3", "s3:GetObject", "third"));
    await shows("third");
    renameSync(file, rotatedName(file, new Date()));
    writeFileSync(file, request("4", "s3:GetObject", "fourth"));
    await shows("fourth");
    expect(output()).not.toContain(":::b/a\n");
    child.kill("SIGINT");
    expect(await ended).toBe(0);
  }, 20_000);

  test("that is not there exits with 1", async () => {
    rmSync(file);
    expect(await run("log")).toMatchObject({ code: 1, stderr: expect.stringContaining("there is no recording at") });
  });
});

describe("the help", () => {
  test.each(["policy", "log", "replay", "diff", "merge"])(
    "of %s has examples, the filters and the exit status",
    async (command) => {
      const { code, stdout } = await run(command, "--help");
      expect(code).toBe(0);
      for (const name of ["--since", "--until", "--run", "--agent", "--activity", "--dir"])
        expect(stdout).toContain(`${name} `);
      expect(stdout).toContain(`iam-agent-proxy ${command} `);
      expect(stdout).toContain("Exit status: 0");
    },
  );
});

test.each([
  [["policy", "--generalize", "everything"], "--generalize takes uuid, date"],
  [["policy", "--siblings", "1"], "--siblings must be a whole number from 2"],
  [["policy", "--name", "1st"], "--name must begin with a letter"],
  [["policy", "--for", "boundary"], "for"],
  [["policy", "--format", "xml"], "format"],
  [["policy", "--since", "soon"], "--since must be a time like"],
  [["policy", "--cloudtrail", "x", "--activity", "y"], "mutually exclusive"],
  [["log", "--last", "x"], "--last must be a number"],
  [["log", "--decision", "maybe"], "decision"],
])("%j is wrong usage", async (args, says) => {
  recorded(request("1", "s3:GetObject", "a"));
  const { code, stderr, stdout } = await run(...args);
  expect(stderr).toContain(says);
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
});
