import { credentialOperationNames } from "@iap/action-resolver";
import { UsageError } from "../usage-error.ts";
import { credentialOutput } from "../virtual/credential-output.ts";
import type { GuardExceptions } from "./decide.ts";

/** The operations that `--allow-credentials-from` and `--allow-unsigned` name. Throws `UsageError` for what is no name of one. */
export function guardExceptions({
  allowCredentialsFrom,
  allowUnsigned,
}: {
  readonly allowCredentialsFrom: readonly string[];
  readonly allowUnsigned: readonly string[];
}): GuardExceptions {
  const credentialsFrom = names("--allow-credentials-from", allowCredentialsFrom);
  const known = new Set(credentialOperationNames());
  for (const name of credentialsFrom) {
    if (!known.has(name)) {
      throw new UsageError(
        `--allow-credentials-from ${name}: that is not one of the operations held back for the credentials in their answers: ${[...known].join(", ")}`,
      );
    }
  }
  return {
    credentialsFrom: new Set([...credentialsFrom].map((name) => iamNames.get(name) ?? name)),
    unsigned: names("--allow-unsigned", allowUnsigned),
  };
}

/** Operations that IAM has under another prefix than the service they are called of. */
const iamNames: ReadonlyMap<string, string> = new Map([["s3:CreateSession", "s3express:CreateSession"]]);

/** What to tell at the start of a run; empty when nothing is let past the guards. */
export function exceptionWarnings({ credentialsFrom, unsigned }: GuardExceptions): readonly string[] {
  const replaced = [...credentialsFrom].filter(isReplaced);
  const real = [...credentialsFrom].filter((name) => !isReplaced(name));
  return [
    [
      real,
      "may pass: the agent gets REAL credentials from the answers, and can use them without this proxy and its policy",
    ],
    [
      replaced,
      "may pass: the agent gets a fake key pair for the real one in the answer, and can use it with this proxy only",
    ],
    [[...unsigned], "may pass: AWS does not authorise these by a signature, so no policy holds for them"],
  ].flatMap(([list, what]) => (list?.length === 0 ? [] : [`${(list as readonly string[]).join(", ")} ${what}`]));
}

function isReplaced(name: string): boolean {
  const [service = "", operation = ""] = name.split(":");
  return credentialOutput({ service, operations: [operation] }) !== undefined;
}

function names(option: string, values: readonly string[]): ReadonlySet<string> {
  const all = values
    .flatMap((value) => value.split(","))
    .map((name) => name.trim())
    .filter((name) => name !== "");
  for (const name of all) {
    if (!/^[a-z0-9-]+:[A-Z][A-Za-z0-9]*$/.test(name)) {
      throw new UsageError(
        `${option} ${JSON.stringify(name)}: name an operation as service:Operation, such as sts:AssumeRole`,
      );
    }
  }
  return new Set(all);
}
