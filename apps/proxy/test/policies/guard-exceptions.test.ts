import { expect, test } from "vitest";
import { exceptionWarnings, guardExceptions } from "../../src/policies/guard-exceptions.ts";

test("names are given in one list or several", () => {
  const { credentialsFrom, unsigned } = guardExceptions({
    allowCredentialsFrom: ["sts:AssumeRole,s3:CreateSession", "sts:GetSessionToken"],
    allowUnsigned: ["cognito-idp:SignUp"],
  });
  expect([...credentialsFrom]).toEqual(["sts:AssumeRole", "s3express:CreateSession", "sts:GetSessionToken"]);
  expect([...unsigned]).toEqual(["cognito-idp:SignUp"]);
});

test("CreateSession may be called S3's or, as IAM does, S3 Express's: its keys are replaced", () => {
  for (const name of ["s3:CreateSession", "s3express:CreateSession"]) {
    const exceptions = guardExceptions({ allowCredentialsFrom: [name], allowUnsigned: [] });
    expect([...exceptions.credentialsFrom]).toEqual(["s3express:CreateSession"]);
    expect(exceptionWarnings(exceptions)).toEqual([expect.stringContaining("a fake key pair")]);
  }
});

test("what is no operation, or no operation that is held back, is refused by name", () => {
  const refuse =
    (allowCredentialsFrom: readonly string[], allowUnsigned: readonly string[] = []) =>
    () =>
      guardExceptions({ allowCredentialsFrom, allowUnsigned });
  expect(refuse(["sts:assumerole"])).toThrow("name an operation as service:Operation");
  expect(refuse(["sts:AssumeRol"])).toThrow(
    "--allow-credentials-from sts:AssumeRol: that is not one of the operations",
  );
  expect(refuse([], ["SignUp"])).toThrow('--allow-unsigned "SignUp"');
});

test("each kind is told at the start, and nothing when nothing is named", () => {
  const named = guardExceptions({ allowCredentialsFrom: ["sts:AssumeRole"], allowUnsigned: ["cognito-idp:SignUp"] });
  expect(exceptionWarnings(named)).toEqual([
    expect.stringMatching(/^sts:AssumeRole may pass: the agent gets a fake key pair/),
    expect.stringMatching(/^cognito-idp:SignUp may pass: /),
  ]);
  expect(exceptionWarnings(guardExceptions({ allowCredentialsFrom: [], allowUnsigned: [] }))).toEqual([]);
});
