import type { ResolvedCall } from "@iap/aws-core";
import { expect, test } from "vitest";
import { mintsCredentials } from "../src/index.ts";
import { form, resolve } from "./support.ts";

const call = (service: string, ...operations: string[]): ResolvedCall => ({
  service,
  operations,
  protocol: "awsQuery",
  region: "us-east-1",
  checks: [],
});

test.each(
  `sts:AssumeRole sts:AssumeRoleWithSAML sts:AssumeRoleWithWebIdentity sts:AssumeRoot sts:GetSessionToken
   sts:GetFederationToken sts:GetDelegatedAccessToken sts:GetScopedCredentials s3express:CreateSession s3:CreateSession
   s3:GetDataAccess sso:GetRoleCredentials sso-oauth:CreateToken cognito-identity:GetCredentialsForIdentity
   ecr:GetAuthorizationToken ecr-public:GetAuthorizationToken codeartifact:GetAuthorizationToken
   lakeformation:GetTemporaryGlueTableCredentials redshift:GetClusterCredentials redshift:GetClusterCredentialsWithIAM
   redshift-serverless:GetCredentials elasticmapreduce:GetClusterSessionCredentials
   eks-auth:AssumeRoleForPodIdentity rolesanywhere:CreateSession iam:CreateAccessKey
   iam:CreateServiceSpecificCredential iam:ResetServiceSpecificCredential signin:CreateOAuth2Token ssm:GetAccessToken
   lightsail:CreateBucketAccessKey codepipeline:PollForJobs datazone:GetEnvironmentCredentials
   deadline:AssumeQueueRoleForUser gamelift:RequestUploadCredentials finspace-api:GetProgrammaticAccessCredentials`.split(
    /\s+/,
  ),
)("%s mints credentials", (name) => {
  const [service = "", operation = ""] = name.split(":");
  expect(mintsCredentials(call(service, operation))).toMatch(/^Its answer holds .+\.$/);
});

test.each([
  ["sts", "GetCallerIdentity"],
  ["secretsmanager", "GetSecretValue"],
  ["kms", "Decrypt"],
  ["ssm", "GetParameter"],
  ["ec2", "GetPasswordData"],
  ["ec2", "CreateKeyPair"],
  ["__proto__", "toString"],
])("%s %s does not", (service, operation) => {
  expect(mintsCredentials(call(service, operation))).toBeUndefined();
});

test("what is not understood may mint credentials at the services that are there for it, and not elsewhere", async () => {
  const unread = await resolve({
    method: "POST",
    host: "sts.amazonaws.com",
    headers: form,
    body: "Operation=AssumeRole&Version=2011-06-15",
  });
  expect(unread.marker).toBe("unknown");
  expect(mintsCredentials(unread)).toContain("may hold credentials");
  expect(mintsCredentials({ ...call("iam"), marker: "unknown" })).toBeDefined();
  expect(mintsCredentials({ ...call("glue"), marker: "unknown" })).toBeUndefined();
  expect(mintsCredentials({ ...call("sts", "GetCallerIdentity"), marker: "permissionless" })).toBeUndefined();
});

test("one operation of several is enough", () => {
  expect(mintsCredentials(call("sts", "Other", "AssumeRole"))).toBeDefined();
});

test("calls are named as the list names them", async () => {
  const assume = await resolve({
    method: "POST",
    host: "sts.amazonaws.com",
    headers: form,
    body: "Action=AssumeRole&Version=2011-06-15",
  });
  const session = await resolve({
    host: "b--use1-az4--x-s3.s3express-use1-az4.us-east-1.amazonaws.com",
    target: "/?session",
  });
  const access = await resolve({
    host: "123456789012.s3-control.us-east-1.amazonaws.com",
    target: "/v20180820/accessgrantsinstance/dataaccess?target=t&permission=READ",
    headers: [["x-amz-account-id", "123456789012"]],
  });
  const sso = await resolve({
    host: "portal.sso.us-east-1.amazonaws.com",
    target: "/federation/credentials?role_name=r&account_id=1",
  });
  const scopedDown = await resolve({
    method: "POST",
    host: "sts.amazonaws.com",
    headers: form,
    body: "Action=GetScopedCredentials&Version=2011-06-15",
  });
  for (const minted of [assume, session, access, sso, scopedDown]) expect(mintsCredentials(minted)).toBeDefined();
});
