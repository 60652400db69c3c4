import { tmpdir } from "node:os";
import { expect, test } from "vitest";
import { scrubbedEnv } from "./agent-env.ts";
import { run } from "./child.ts";

/** A client program that may be missing on this machine. */
export interface Client {
  /** `aws-cli/1.45.11 Python/3.11.7 …`; undefined when it is not here. */
  readonly version: string | undefined;
  /** Leave its tests out: it is missing, and nobody required it. */
  readonly skip: boolean;
}

/** Set where the clients must be there (CI): a missing one fails the suite instead of being skipped. */
const required = process.env.IAP_REQUIRE_CLIENTS === "1";

/** What prints the version of the clients that several test files use. */
const usual = {
  "the AWS CLI": ["aws", "--version"],
  boto3: ["python3", "-c", "import boto3; print(boto3.__version__)"],
  curl: ["curl", "--version"],
  moto: ["python3", "-c", "import moto.server; print(moto.__version__)"],
  Python: ["python3", "--version"],
} as const;

export function findClient(name: keyof typeof usual): Promise<Client>;
export function findClient(name: string, command: string, args: readonly string[]): Promise<Client>;
/** Looks a client up, and says in the test report when its tests are left out. */
export async function findClient(name: string, own?: string, ownArgs: readonly string[] = []): Promise<Client> {
  // `as`: as the first form has it.
  const [command, ...args] = own === undefined ? usual[name as keyof typeof usual] : [own, ...ownArgs];
  const exited = await run(command, args, { env: scrubbedEnv(tmpdir()), timeoutMs: 30_000 }).catch(() => undefined);
  const version = exited?.code === 0 ? (exited.stdout || exited.stderr).trim() : undefined;
  if (version === undefined && required) {
    test(`${name} is on this machine (IAP_REQUIRE_CLIENTS=1)`, () => expect(version).toBeDefined());
  } else if (version === undefined) {
    const reason = `${name} is not on this machine: its tests are skipped`;
    test.skip(reason);
    // Of a file in which all are skipped, vitest tells how many they are, and no more.
    console.warn(reason);
  }
  return { version, skip: version === undefined };
}
