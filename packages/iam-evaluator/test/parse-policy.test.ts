import { describe, expect, test } from "vitest";
import { parsePolicy } from "../src/parse-policy.ts";
import type { PolicyDocument } from "../src/policy-document.ts";

test("a document is brought into one form: lists are lists, and what may be left out is filled in", () => {
  const { policy, findings } = parsePolicy(
    '{"Id":"x","Statement":{"Sid":"","Effect":"Deny","NotAction":"s3:*","NotResource":["arn:aws:s3:::b","*"]}}',
  );
  expect(findings.map(({ code }) => code)).toEqual(["MISSING_VERSION"]);
  expect(policy).toMatchObject({
    version: "2008-10-17",
    id: "x",
    statements: [
      {
        effect: "Deny",
        actions: { inverted: true, values: [{ text: "s3:*" }] },
        resources: { inverted: true, values: [{ text: "arn:aws:s3:::b" }, { text: "*" }] },
        conditions: [],
      },
    ],
  });
  expect(policy?.statements[0]).not.toHaveProperty("sid");
});

test("a number in a condition is read without its exponent, which no numeric operator takes", () => {
  const Condition = '{"NumericLessThan":{"s3:max-keys":[1e3,25E-1,10,0.5]}}';
  const { policy } = parsePolicy(
    `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*","Condition":${Condition}}}`,
  );
  expect(policy?.statements[0]?.conditions[0]?.values.map(({ text }) => text)).toEqual(["1000", "2.5", "10", "0.5"]);
});

test("a number with an exponent that a double does not hold exactly cannot be compared", () => {
  const Condition = '{"NumericEquals":{"s3:max-keys":[9007199254740993e0,1e400,1e-400]}}';
  const { policy, findings } = parsePolicy(
    `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*","Condition":${Condition}}}`,
  );
  const texts = policy?.statements[0]?.conditions[0]?.values.map(({ text }) => text);
  expect(texts).toEqual(["9007199254740993e0", "1e400", "1e-400"]);
  expect(findings.map(({ code }) => code)).toEqual(["INVALID_OPERAND", "INVALID_OPERAND", "INVALID_OPERAND"]);
});

test("a document of more than 64 Mi characters is not read at all", () => {
  const { policy, findings } = parsePolicy(" ".repeat(64 * 1024 * 1024 + 1));
  expect(policy).toBeUndefined();
  expect(findings).toMatchObject([{ level: "ERROR", code: "TOO_LARGE", path: "" }]);
});

test("a document whose serialisation fails is a finding; what it throws that is no error is thrown on", () => {
  const failing = (reason: unknown): PolicyDocument =>
    Object.assign(
      { Statement: [] },
      {
        toJSON: () => {
          throw reason;
        },
      },
    );
  expect(parsePolicy(failing(new Error("no"))).findings).toMatchObject([{ level: "ERROR", code: "INVALID_JSON" }]);
  expect(() => parsePolicy(failing("a text"))).toThrow("a text");
});

test("there is a policy when the document has the form of one", () => {
  expect(parsePolicy('{"Statement":[]}').policy).toBeUndefined();
  expect(parsePolicy("nonsense").policy).toBeUndefined();
});

const good = { Effect: "Allow", Action: "s3:GetObject", Resource: "*" };
const statement = (change: object): string =>
  JSON.stringify({ Version: "2012-10-17", Statement: [{ ...good, ...change }] });

describe("errors name their code and path", () => {
  test.each<[string, string, string]>([
    ["[]", "INVALID_DOCUMENT", ""],
    ['"text"', "INVALID_DOCUMENT", ""],
    ['{"Version":"2012-10-17"}', "MISSING_STATEMENT", ""],
    [statement({ Resource: undefined, NotResource: [null] }), "INVALID_RESOURCE", "Statement[0].NotResource[0]"],
    ['{"Version":"2012-10-17","Statement":[]}', "MISSING_STATEMENT", "Statement"],
    ['{"Version":"2012-10-17","Statement":["x"]}', "INVALID_STATEMENT", "Statement[0]"],
    [
      '{"Version":"2020-01-01","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}',
      "INVALID_VERSION",
      "Version",
    ],
    [
      '{"version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}',
      "UNKNOWN_ELEMENT",
      "version",
    ],
    [
      '{"Id":5,"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}',
      "INVALID_ID",
      "Id",
    ],
    [statement({ Effect: "ALLOW" }), "INVALID_EFFECT", "Statement[0].Effect"],
    [statement({ Effect: undefined }), "MISSING_EFFECT", "Statement[0]"],
    [statement({ Effects: "Deny" }), "UNKNOWN_ELEMENT", "Statement[0].Effects"],
    [statement({ Sid: "a b" }), "INVALID_SID", "Statement[0].Sid"],
    [statement({ Sid: {} }), "INVALID_SID", "Statement[0].Sid"],
    [statement({ Action: undefined }), "MISSING_ACTION", "Statement[0]"],
    [statement({ Action: [] }), "MISSING_ACTION", "Statement[0].Action"],
    [statement({ Action: ["s3:*", 5] }), "INVALID_ACTION", "Statement[0].Action[1]"],
    [statement({ Action: "GetObject" }), "INVALID_ACTION", "Statement[0].Action"],
    [statement({ Action: "s3:Get:Object" }), "INVALID_ACTION", "Statement[0].Action"],
    [statement({ Action: "s*:GetObject" }), "INVALID_ACTION", "Statement[0].Action"],
    [statement({ Action: "s3:" }), "INVALID_ACTION", "Statement[0].Action"],
    [statement({ NotAction: "s3:*" }), "CONFLICTING_ELEMENTS", "Statement[0].NotAction"],
    [statement({ Resource: undefined }), "MISSING_RESOURCE", "Statement[0]"],
    [statement({ Resource: ["*", 5] }), "INVALID_RESOURCE", "Statement[0].Resource[1]"],
    [statement({ Action: ["s3:*", null] }), "INVALID_ACTION", "Statement[0].Action[1]"],
    [statement({ Condition: { StringEquals: [] } }), "INVALID_CONDITION", "Statement[0].Condition.StringEquals"],
    [
      statement({ Condition: { StringEquals: { "aws:a": {} } } }),
      "INVALID_CONDITION",
      "Statement[0].Condition.StringEquals.aws:a",
    ],
    [
      statement({ Condition: { StringEquals: { "aws:username": ["a", null] } } }),
      "INVALID_CONDITION",
      "Statement[0].Condition.StringEquals.aws:username[1]",
    ],
    [statement({ Condition: { StringEqual: { a: "b" } } }), "UNKNOWN_OPERATOR", "Statement[0].Condition.StringEqual"],
    [
      statement({ Condition: { Bool: { "aws:SecureTransport": "yes" } } }),
      "INVALID_OPERAND",
      "Statement[0].Condition.Bool.aws:SecureTransport",
    ],
    [statement({ NotResource: [] }), "CONFLICTING_ELEMENTS", "Statement[0].NotResource"],
    [statement({ Resource: "bucket" }), "INVALID_ARN", "Statement[0].Resource"],
    [statement({ Resource: "**" }), "INVALID_ARN", "Statement[0].Resource"],
    [statement({ Resource: "arn:awz:s3:::b" }), "INVALID_PARTITION", "Statement[0].Resource"],
    [statement({ Resource: "arn:aws:s*:::b" }), "INVALID_SERVICE", "Statement[0].Resource"],
    [statement({ Resource: "arn:aws:*" }), "INVALID_SERVICE", "Statement[0].Resource"],
    [statement({ Resource: "arn:aws:s3::b" }), "SHORT_ARN", "Statement[0].Resource"],
    [statement({ Resource: "arn:aws:s3:us-east-1::b" }), "REGION_NOT_ALLOWED", "Statement[0].Resource"],
    [statement({ Resource: "arn:aws:iam:us-east-1:1:role/r" }), "REGION_NOT_ALLOWED", "Statement[0].Resource"],
    [statement({ Resource: "arn:aws:s3:::b/日" }), "INVALID_CHARACTER", "Statement[0].Resource"],
    [statement({ Resource: "arn:aws:s3:::b/\u0007" }), "INVALID_CHARACTER", "Statement[0].Resource"],
    [statement({ Condition: [] }), "INVALID_CONDITION", "Statement[0].Condition"],
    [statement({ Principal: "*" }), "PRINCIPAL_NOT_ALLOWED", "Statement[0].Principal"],
  ])("%s", (document, code, path) => {
    const errors = parsePolicy(document).findings.filter(({ level }) => level === "ERROR");
    expect(errors[0]).toMatchObject({ code, path, line: 1 });
  });

  test("two statements with one Sid", () => {
    const document = JSON.stringify({
      Version: "2012-10-17",
      Statement: [
        { ...good, Sid: "A" },
        { ...good, Sid: "A" },
      ],
    });
    expect(parsePolicy(document).findings[0]).toMatchObject({ code: "DUPLICATE_SID", path: "Statement[1].Sid" });
  });

  test("a key twice, which JSON.parse would not notice", () => {
    const document =
      '{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Effect":"Allow","Action":"*","Resource":"*"}]}';
    expect(parsePolicy(document).findings[0]).toMatchObject({ code: "DUPLICATE_KEY", line: 1, column: 55 });
  });
});

describe("accepted as AWS accepts it", () => {
  test.each([
    ["arn:aws:sqs:us-east-1:*"],
    ["arn:aws*:s3:::b"],
    ["arn:*:iam::aws:policy/AdministratorAccess"],
    ["arn:aws-us-gov:s3:::b"],
    ["arn:aws:s3:us-west-2:123456789012:accesspoint/a/object/*"],
    ["arn:aws:iam::*:role/*"],
    ["arn:aws:iam::*:*"],
  ])("%s", (Resource) => {
    expect(parsePolicy(statement({ Resource })).findings).toEqual([]);
  });

  test("any name after the service, as AWS does not know them all either", () => {
    expect(parsePolicy(statement({ Action: ["iam:Asd", "s3:Get(Object", "a.b-c:D"] })).findings).toEqual([]);
    const { findings } = parsePolicy(statement({ Action: "iam: a sd " }));
    expect(findings.map(({ level, code }) => [level, code])).toEqual([["WARNING", "UNMATCHABLE_ACTION"]]);
  });

  test("an underscore in a Sid, against IAM's own grammar: with a warning", () => {
    const { policy, findings } = parsePolicy(statement({ Sid: "read_reports" }));
    expect(policy?.statements[0]?.sid).toBe("read_reports");
    expect(findings).toMatchObject([{ level: "WARNING", code: "INVALID_SID", path: "Statement[0].Sid" }]);
  });

  test("null among the resources, which names nothing: with a warning", () => {
    const { policy, findings } = parsePolicy(statement({ Resource: ["arn:aws:s3:::b", null] }));
    expect(policy?.statements[0]?.resources?.values.map(({ text }) => text)).toEqual(["arn:aws:s3:::b"]);
    expect(findings).toMatchObject([{ level: "WARNING", code: "NULL_RESOURCE", path: "Statement[0].Resource[1]" }]);
  });

  test("line breaks in a resource", () => {
    expect(parsePolicy(statement({ Resource: "arn:aws:s3:::b/a\nb\tc" })).findings).toEqual([]);
  });
});

test("a document given as an object has paths, and no lines", () => {
  const { findings } = parsePolicy({ Version: "2012-10-17", Statement: [] });
  expect(findings).toEqual([expect.objectContaining({ path: "Statement", code: "MISSING_STATEMENT" })]);
  expect(findings[0]).not.toHaveProperty("line");
});

test.each([[undefined], [() => 1], [Symbol("x")], [1n], [null], [5]])(
  "%s is not a document, and does not throw",
  (value) => {
    // `as`: what a caller without types may send.
    const { policy, findings } = parsePolicy(value as unknown as PolicyDocument);
    expect(policy).toBeUndefined();
    expect(findings[0]?.level).toBe("ERROR");
  },
);

test("a resource policy may have principals, and no resource", () => {
  const document = JSON.stringify({
    Version: "2012-10-17",
    Statement: { Effect: "Allow", Principal: "*", Action: "sts:AssumeRole" },
  });
  expect(parsePolicy(document, "resource").findings).toEqual([]);
  expect(parsePolicy(document, "resource").policy?.statements[0]?.principal).toMatchObject({
    inverted: false,
    entries: [{ type: "Everyone" }],
  });
  expect(parsePolicy(document, "identity").policy).toBeUndefined();
});
