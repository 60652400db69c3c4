import { join } from "node:path";
import type { ActivityRecord } from "@iap/aws-core";
import {
  BASE_IDENTITY,
  formatPolicies,
  GENERALISE_RULES,
  type GeneraliseRule,
  type GeneratedPolicy,
  type GenerateOptions,
  generatePolicies,
  generatePolicy,
  type IdentityPolicy,
  joinPolicies,
  NothingToGrantError,
  POLICY_FORMATS,
  type PolicyFormat,
  PolicyFormatError,
  type PolicyTarget,
  PolicyTooLargeError,
  policyFromActions,
  ROOM,
} from "@iap/policy-generator";
import type { Argv } from "yargs";
import type { CliProcess } from "../cli.ts";
import { readLines } from "../recording/read-lines.ts";
import { fileError, openRecording } from "../recording/read-recording.ts";
import { cloudTrailOption, type RecordingArguments, recordingOptions } from "../recording/recording-options.ts";
import { reportText } from "../recording/report-text.ts";
import { writeFile } from "../recording/write-file.ts";
import { printable } from "../terminal/terminal.ts";
import { UsageError } from "../usage-error.ts";

export interface PolicyArguments extends RecordingArguments {
  readonly level: "resources" | "actions";
  /** Empty: the action log of `dir`. */
  readonly "from-log"?: string | undefined;
  readonly "include-unanswered"?: boolean | undefined;
  readonly generalize?: readonly string[] | undefined;
  readonly siblings: number;
  readonly conditions: boolean;
  readonly "action-wildcards"?: boolean | undefined;
  readonly for?: PolicyTarget | undefined;
  readonly format: PolicyFormat;
  readonly name: string;
  readonly output?: string | undefined;
  readonly report?: string | undefined;
  readonly "per-identity"?: boolean | undefined;
}

export function policyOptions(y: Argv, env: CliProcess["env"]): Argv<PolicyArguments> {
  return generalizeOptions(cloudTrailOption(recordingOptions(y, env)))
    .option("level", {
      choices: ["resources", "actions"] as const,
      default: "resources" as const,
      describe: 'resources: exact ARNs; actions: the compact form with "Resource": "*"',
    })
    .option("from-log", {
      type: "string",
      describe: "Read a plain actions.log instead, FILE or DIR/actions.log; gives the compact form",
    })
    .option("include-unanswered", {
      type: "boolean",
      describe: "Also requests that AWS denied, or whose outcome is not known",
    })
    .option("action-wildcards", {
      type: "boolean",
      describe: "Allow s3:Get* for three and more actions that begin so, where no access level becomes wider",
    })
    .option("for", {
      choices: Object.keys(ROOM) as PolicyTarget[],
      describe: "Make it fit what it is for: merged, and split into several policies, if it must be",
    })
    .option("format", { choices: POLICY_FORMATS, default: "json" as const, describe: "How it is written" })
    .option("name", {
      type: "string",
      requiresArg: true,
      default: "agent",
      describe: "What resources and classes are called in hcl, cloudformation and cdk",
    })
    .option("output", {
      type: "string",
      requiresArg: true,
      describe: "Write to FILE instead of stdout; several policies as JSON or YAML to FILE-1, FILE-2, ...",
    })
    .option("report", {
      type: "string",
      requiresArg: true,
      describe: "Write the report as JSON to FILE instead of stderr",
    })
    .option("per-identity", {
      type: "boolean",
      describe:
        "A policy for each identity, to attach in AWS: base, and each role that the agent assumed; as JSON an object by identity, with --output FILE a file each",
    })
    .conflicts("from-log", [
      ...["activity", "cloudtrail", "include-unanswered", "since", "until", "run", "agent", "identity", "per-identity"],
    ])
    .example("$0 policy > agent-policy.json", "everything recorded so far")
    .example("$0 policy --level actions", "the compact form, without resources")
    .example("$0 policy --since 2h --agent ci", "what one agent did in the last two hours")
    .example("$0 policy --generalize date,siblings", "dates and many names beside each other become *")
    .example("$0 policy --for managed --format hcl", "for Terraform, split where AWS wants it")
    .example("$0 policy --identity deploy", "what sessions of the role deploy did, for that role")
    .example("$0 policy --per-identity --output agent.json", "agent-base.json, agent-deploy.json, ...")
    .example("$0 policy --cloudtrail logs/AWSLogs", "of what a trail has logged")
    .epilogue("Exit status: 0 written, 1 could not be made, 2 wrong usage.") as unknown as Argv<PolicyArguments>;
}

/** `--generalize`, `--siblings` and `--no-conditions`: how wide grants become. */
export function generalizeOptions<T>(y: Argv<T>): Argv<T> {
  return y
    .option("generalize", {
      type: "string",
      array: true,
      requiresArg: true,
      describe: `Let what is another each time become *: ${GENERALISE_RULES.join(", ")}, or all; by commas. Default: exact resources`,
    })
    .option("siblings", {
      type: "number",
      requiresArg: true,
      default: 5,
      describe: "How many names beside each other the rule siblings takes for many",
    })
    .option("conditions", {
      type: "boolean",
      default: true,
      describe: "Write conditions that held in every request; --no-conditions does not",
    }) as Argv<T>;
}

/** The rules of `--generalize`. Throws `UsageError` for one that is none. */
export function generaliseRules({
  generalize = [],
  siblings,
}: Pick<PolicyArguments, "generalize" | "siblings">): readonly GeneraliseRule[] {
  if (!Number.isInteger(siblings) || siblings < 2) {
    throw new UsageError(`--siblings must be a whole number from 2, not ${siblings}`);
  }
  const names = generalize.flatMap((text) => text.split(",")).filter((name) => name !== "");
  if (names.includes("all")) return GENERALISE_RULES;
  for (const name of names) {
    if (!(GENERALISE_RULES as readonly string[]).includes(name)) {
      throw new UsageError(`--generalize takes ${GENERALISE_RULES.join(", ")} or all, not ${JSON.stringify(name)}`);
    }
  }
  return names as GeneraliseRule[];
}

/** Writes the policy of a recording to stdout, and what there is to know about it to stderr. */
export async function writePolicy(args: PolicyArguments, process: CliProcess): Promise<number> {
  const { stdout, stderr } = process;
  if (!/^[A-Za-z][A-Za-z0-9_-]*$/.test(args.name)) {
    throw new UsageError(
      `--name must begin with a letter and go on with letters, digits, - and _, not ${JSON.stringify(args.name)}`,
    );
  }
  if (args["per-identity"] === true) return writePerIdentity(args, process);
  let generated: GeneratedPolicy;
  let text: string;
  const gaps: string[] = [];
  try {
    generated =
      args["from-log"] === undefined ? await fromRecording(args, process, gaps) : fromActionLog(args, args["from-log"]);
    text = formatPolicies(generated.policies, args.format, { target: args.for, name: args.name });
  } catch (error) {
    throw asUsageError(error);
  }
  const { output, format } = args;
  if (output === undefined) stdout.write(text);
  else for (const [file, content] of outputFiles(output, generated, text, args)) writeFile(file, content);
  const report = { ...generated.report, policies: generated.policies.length, format, for: args.for, gaps };
  if (args.report === undefined) stderr.write(reportText(generated, gaps));
  else writeFile(args.report, `${JSON.stringify(report, null, 2)}\n`);
  return 0;
}

/** One policy. Of several identities it is for the proxy, unless one of them was asked for. */
async function fromRecording(args: PolicyArguments, process: CliProcess, gaps: string[]): Promise<GeneratedPolicy> {
  return readingRecording(args, process, gaps, (records, options) => {
    if (args.identity !== undefined || args.level === "actions") return generatePolicy(records, options);
    const made = generatePolicies(records, options);
    const identities = [...made.identities, ...made.idle].map(({ identity }) => identity);
    if (identities.some((identity) => identity !== BASE_IDENTITY)) {
      if (args.for !== undefined && made.identities.length > 1) {
        throw new UsageError(
          `the recording is of several identities (${identities.join(", ")}), and a policy in AWS is for one: add --identity base, --identity ROLE, or --per-identity`,
          { exitCode: 1 },
        );
      }
      gaps.push(
        `the agent used ${identities.length} identities: ${identities.join(", ")}. This policy is for the proxy (--policy), which holds the sessions to it too; what a role did is allowed to that role only. For AWS, --per-identity writes one for each.`,
      );
    }
    return joinPolicies(made);
  });
}

async function readingRecording<T>(
  args: PolicyArguments,
  process: CliProcess,
  gaps: string[],
  generate: (records: Iterable<ActivityRecord>, options: GenerateOptions) => T,
): Promise<T> {
  const generalise = generaliseRules(args);
  const recording = await openRecording(args, process);
  gaps.push(...recording.gaps);
  const includeUnfinished = args["include-unanswered"] ?? false;
  try {
    return generate(recording.records, {
      level: args.level,
      includeUnfinished,
      includeDenied: includeUnfinished,
      generalise,
      siblings: args.siblings,
      conditions: args.conditions,
      target: args.for,
      actionWildcards: args["action-wildcards"],
    });
  } finally {
    recording.close();
  }
}

/** Writes the policy of each identity, and what there is to know about each. */
async function writePerIdentity(args: PolicyArguments, process: CliProcess): Promise<number> {
  const { stdout, stderr } = process;
  const { output, format, for: target } = args;
  if (output === undefined && (format === "cloudformation" || format === "cdk")) {
    throw new UsageError(`--per-identity --format ${format} makes a file for each identity: add --output FILE`);
  }
  const gaps: string[] = [];
  try {
    const { identities, idle } = await readingRecording(args, process, gaps, generatePolicies);
    const labelled = withLabels(identities).map(({ label, ...one }) => {
      const name = `${args.name}-${label}`;
      return { ...one, label, name, text: formatPolicies(one.generated.policies, format, { target, name }) };
    });
    if (output === undefined) stdout.write(together(labelled, format));
    else {
      for (const { label, name, generated, text } of labelled) {
        for (const [file, content] of outputFiles(numbered(output, label), generated, text, { ...args, name })) {
          writeFile(file, content);
        }
      }
    }
    if (args.report !== undefined) {
      const reports = labelled.map(({ identity, generated }) => [
        identity,
        { ...generated.report, policies: generated.policies.length, format, for: target, gaps },
      ]);
      writeFile(args.report, `${JSON.stringify({ identities: Object.fromEntries(reports), idle }, null, 2)}\n`);
      return 0;
    }
    for (const { identity, generated } of labelled) {
      stderr.write(`${printable(identity)}: ${reportText(generated)}`);
    }
    for (const { identity, leftOut } of idle) {
      const why = leftOut.map(({ why, count }) => `${count} × ${why}`).join("; ");
      stderr.write(`${printable(`${identity}: needs no policy: ${why}`)}\n`);
    }
    for (const gap of gaps) stderr.write(`Mind: ${gap}\n`);
    return 0;
  } catch (error) {
    throw asUsageError(error);
  }
}

/** Identities with what files and resources are called after them: the role's name, or `base`; each another. */
function withLabels(identities: readonly IdentityPolicy[]): (IdentityPolicy & { readonly label: string })[] {
  const taken = new Set<string>();
  return identities.map((one) => {
    const name = one.identity.slice(one.identity.lastIndexOf("/") + 1).replace(/[^A-Za-z0-9_-]+/g, "-");
    let label = name;
    for (let n = 2; taken.has(label.toLowerCase()); n++) label = `${name}-${n}`;
    taken.add(label.toLowerCase());
    return { ...one, label };
  });
}

/** What one stream holds of several identities: JSON by identity, the others one after another under a comment. */
function together(labelled: readonly (IdentityPolicy & { readonly text: string })[], format: PolicyFormat): string {
  if (format === "json") {
    const members = labelled.map(({ identity, text }) => `${JSON.stringify(identity)}: ${text.trimEnd()}`);
    return `{\n  ${members.map((member) => member.replaceAll("\n", "\n  ")).join(",\n  ")}\n}\n`;
  }
  return labelled
    .map(({ identity, text }) => `# ${printable(identity)}\n${text}`)
    .join(format === "yaml" ? "---\n" : "\n");
}

/** What the user can mend. */
function asUsageError(error: unknown): unknown {
  const mendable =
    error instanceof NothingToGrantError || error instanceof PolicyTooLargeError || error instanceof PolicyFormatError;
  return mendable ? new UsageError(error.message, { exitCode: 1, cause: error }) : error;
}

function fromActionLog({ dir, for: target }: PolicyArguments, named: string): GeneratedPolicy {
  const file = named || join(dir, "actions.log");
  try {
    return policyFromActions(readLines(file), { target });
  } catch (error) {
    throw fileError(file, error);
  }
}

/** Several policies are a file each, where a file holds one; `policy.json` becomes `policy-1.json`. */
function outputFiles(
  output: string,
  { policies }: GeneratedPolicy,
  text: string,
  { format, for: target, name }: PolicyArguments,
): (readonly [file: string, content: string])[] {
  if (policies.length === 1 || (format !== "json" && format !== "yaml")) return [[output, text]];
  return policies.map((policy, i) => [
    numbered(output, String(i + 1)),
    formatPolicies([policy], format, { target, name }),
  ]);
}

/** `policy-1.json` of `policy.json`. */
function numbered(output: string, what: string): string {
  const dot = /\.[A-Za-z]+$/.exec(output)?.index ?? output.length;
  return `${output.slice(0, dot)}-${what}${output.slice(dot)}`;
}
