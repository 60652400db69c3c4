import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import { Terminal, type TerminalOptions, verdict } from "../../src/terminal/terminal.ts";
import { decidedRecord } from "../sample-records.ts";

let out: string;
let err: string;
beforeEach(() => {
  out = "";
  err = "";
});

function terminal(more: Partial<TerminalOptions> = {}): Terminal {
  return new Terminal({
    format: "text",
    color: false,
    stdout: { write: (text) => (out += text) },
    stderr: { write: (text) => (err += text) },
    now: () => new Date(2026, 0, 2, 3, 4, 5),
    ...more,
  });
}

const time = new Date(2026, 0, 2, 14, 32, 1).toISOString();
const denied = { outcome: "implicitDeny", reason: "no identity-based policy allows it", by: "iam", policyVersion: "1" };
const iamDenied = denied as ReturnType<typeof decidedRecord>["decision"];
const check = decidedRecord().checks[0];

describe("the line of a request", () => {
  test("that was let through is its action", () => {
    terminal().decided(decidedRecord({ time }));
    expect(out).toBe("[14:32:01] ALLOWED  s3:GetObject\n");
    expect(err).toBe("");
  });

  test("of several actions is a line for each", () => {
    const checks = check === undefined ? [] : [check, { ...check, action: "s3:PutObjectTagging" }];
    terminal().decided(decidedRecord({ time, checks }));
    expect(out).toBe("[14:32:01] ALLOWED  s3:GetObject\n[14:32:01] ALLOWED  s3:PutObjectTagging\n");
  });

  test("that was denied has the reason", () => {
    terminal().decided(decidedRecord({ time, decision: iamDenied, forwarded: false }));
    expect(out).toBe("[14:32:01] DENIED  s3:GetObject  no identity-based policy allows it\n");
  });

  test("that a policy would deny says so in shadow mode", () => {
    terminal().decided(decidedRecord({ time, mode: "shadow", decision: iamDenied }));
    expect(out).toBe("[14:32:01] WOULD DENY  s3:GetObject  no identity-based policy allows it\n");
  });

  test("that was not resolved is its method and host", () => {
    terminal().decided(decidedRecord({ time, marker: "unknown", operations: [], checks: [], method: "POST" }));
    expect(out).toBe("[14:32:01] UNKNOWN  POST reports.s3.eu-west-1.amazonaws.com\n");
  });

  test("that was refused before it was understood is its method, host and the reason", () => {
    const decision = { ...iamDenied, reason: "MissingAuthentication: The request is not signed." };
    terminal().decided(
      decidedRecord({ time, service: undefined, operations: [], checks: [], decision, forwarded: false }),
    );
    expect(out).toBe(
      "[14:32:01] DENIED  GET reports.s3.eu-west-1.amazonaws.com  MissingAuthentication: The request is not signed.\n",
    );
  });

  test("that needs no permission is its operation", () => {
    terminal().decided(
      decidedRecord({ time, service: "sts", operations: ["GetCallerIdentity"], marker: "permissionless", checks: [] }),
    );
    expect(out).toBe("[14:32:01] ALLOWED  sts:GetCallerIdentity\n");
  });
});

test.each([
  [{ forwarded: true }, "ALLOWED"],
  [{ forwarded: false }, "DENIED"],
  [{ forwarded: false, marker: "unknown" as const }, "DENIED"],
  [{ forwarded: true, marker: "unknown" as const }, "UNKNOWN"],
  [{ forwarded: true, marker: "unknown" as const, decision: iamDenied }, "UNKNOWN"],
  [{ forwarded: true, decision: iamDenied }, "WOULD DENY"],
  [{ forwarded: false, decision: iamDenied }, "DENIED"],
])("%j is %s", (more, word) => {
  expect(verdict(decidedRecord(more))).toBe(word);
});

describe("as JSON", () => {
  test("a request is one object, with what it did and why", () => {
    terminal({ format: "json" }).decided(decidedRecord({ time, decision: iamDenied, forwarded: false }));
    expect(out.endsWith("}\n")).toBe(true);
    expect(JSON.parse(out)).toEqual({
      type: "decided",
      time,
      id: decidedRecord().id,
      verdict: "DENIED",
      actions: ["s3:GetObject"],
      agent: "tester",
      service: "s3",
      operations: ["GetObject"],
      region: "eu-west-1",
      host: "reports.s3.eu-west-1.amazonaws.com",
      method: "GET",
      decision: denied,
      forwarded: false,
    });
  });

  test("the start screen is its facts", () => {
    terminal({ format: "json" }).started("text", { port: 8080, mode: "record" });
    expect(JSON.parse(out)).toEqual({ type: "started", port: 8080, mode: "record" });
  });

  test("diagnostics go to stderr", () => {
    terminal({ format: "json" }).warn("a\nb");
    expect(JSON.parse(err)).toEqual({
      type: "warning",
      time: new Date(2026, 0, 2, 3, 4, 5).toISOString(),
      message: "a\nb",
    });
    expect(out).toBe("");
  });
});

describe("as text", () => {
  test("the start screen is as it is given", () => {
    terminal().started("two\nlines", { port: 1 });
    expect(out).toBe("two\nlines\n");
  });

  test("notes and warnings go to stderr, a line each", () => {
    terminal().note("a tunnel was refused");
    terminal().warn("two\nlines");
    expect(err).toBe("[03:04:05] note  a tunnel was refused\n[03:04:05] WARNING  two lines\n");
    expect(out).toBe("");
  });

  test("words are coloured when they should be, and nothing else", () => {
    const coloured = terminal({ color: true });
    coloured.decided(decidedRecord({ time }));
    coloured.decided(decidedRecord({ time, forwarded: false }));
    coloured.decided(decidedRecord({ time, decision: iamDenied }));
    coloured.decided(decidedRecord({ time, marker: "unknown", checks: [] }));
    coloured.warn("x");
    const words = [...(out + err).replaceAll("\u001b", "ESC").matchAll(/ESC\[(\d+)m([A-Z ]+)ESC\[0m/g)].map(
      ([, code, word]) => [word, code],
    );
    expect(words).toEqual([
      ["ALLOWED", "32"],
      ["DENIED", "31"],
      ["WOULD DENY", "33"],
      ["UNKNOWN", "35"],
      ["WARNING", "33"],
    ]);
  });
});

describe("what a hostile request says", () => {
  const hostile = [
    "\u001b[2J\u001b]0;owned\u0007",
    "\u009b31m",
    "\u202egnp.exe",
    "\r\nALLOWED",
    "\u2028",
    "\u{e0001}",
    "\0",
  ];

  test.each(hostile.map((text) => [JSON.stringify(text), text]))(
    "%s in an S3 key acts on no terminal",
    (_shown, key) => {
      const arn = `arn:aws:s3:::reports/${key}`;
      const decision = { ...iamDenied, reason: `no policy allows s3:GetObject on resource ${arn}` };
      const record = decidedRecord({ host: `h${key}`, decision, forwarded: false });
      for (const format of ["text", "json"] as const) {
        const both = terminal({ format });
        both.decided(record);
        both.decided({ ...record, checks: [], operations: [] });
        both.warn(`failed for ${arn}`);
        both.note(arn);
      }
      expect(out.replaceAll("\n", "")).not.toMatch(/[\p{Cc}\p{Cf}\u2028\u2029]/u);
      expect(err.replaceAll("\n", "")).not.toMatch(/[\p{Cc}\p{Cf}\u2028\u2029]/u);
      expect(`${out}${err}`.split("\n")).toHaveLength(8 + 1);
    },
  );

  test("is in JSON what it was, however it is escaped", () =>
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (host) => {
        out = "";
        terminal({ format: "json" }).decided(decidedRecord({ host }));
        expect((JSON.parse(out) as { host: string }).host).toBe(host);
        expect(out.slice(0, -1)).not.toMatch(/[\p{Cc}\p{Cf}\u2028\u2029]/u);
      }),
    ));
});
