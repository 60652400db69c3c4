import assert from "node:assert/strict";
import { AwsError, Credentials, type RequestHead } from "@iap/aws-core";
import { gitPassword } from "@iap/sigv4";
import { readBasicPassword, verifyGitPassword } from "../../src/index.ts";
import { agentKey, now, ringOf } from "../agent.ts";

const repository = { host: "git-codecommit.us-east-1.amazonaws.com", path: "/v1/repos/app", region: "us-east-1" };
const made = gitPassword(repository, { credentials: agentKey.credentials, now });
const other = gitPassword(
  { ...repository, path: "/v1/repos/other" },
  { credentials: new Credentials({ accessKeyId: "ASIAQEXAMPLEKEYIDAAA", secretAccessKey: "other" }), now },
);

export const seeds: readonly Uint8Array[] = [made, other].flatMap(({ username, password }) => [
  Buffer.from(`Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`),
  Buffer.from(` basic  ${Buffer.from(`${username}:${password}`).toString("base64")} `),
]);

/** Of whatever stands in the header, the agent's own user name and password are taken, and nothing else. */
export function run(bytes: Uint8Array): void {
  const value = Buffer.from(bytes).toString("latin1");
  const { host, path } = repository;
  const head: RequestHead = {
    httpVersion: "1.1",
    method: "GET",
    target: path,
    host,
    headers: [["Authorization", value]],
  };
  let accepted = false;
  try {
    const read = readBasicPassword(head);
    assert.ok(read !== undefined);
    const said = Buffer.from(value.replace(/^\s*basic\s*/i, ""), "base64").toString("latin1");
    assert.equal(`${read.username}:${read.password}`, said);
    accepted = verifyGitPassword(read, repository, { keys: ringOf(agentKey), now }).key === agentKey;
    assert.deepEqual(read, made);
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    assert.ok(!accepted);
  }
}
