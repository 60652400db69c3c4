import { resolve } from "node:path";
import type { CliProcess } from "../cli.ts";
import { type Check, checksText } from "../doctor/check.ts";
import { checkClients } from "../doctor/check-clients.ts";
import { checkCredentials } from "../doctor/check-credentials.ts";
import { checkSetup } from "../doctor/check-setup.ts";
import { type OptionName, readSettings } from "../options.ts";

/** The options of `doctor` besides those of `start`. */
export interface DoctorArguments extends Partial<Record<OptionName, unknown>> {
  /** Only these clients, and nothing else. */
  readonly client?: string | undefined;
  /** The clients in this terminal's environment as it is. */
  readonly "as-is"?: boolean | undefined;
  /** Nothing that asks AWS. */
  readonly offline?: boolean | undefined;
  /** False by --no-clients. */
  readonly clients?: boolean | undefined;
  readonly json?: boolean | undefined;
}

/** Looks at everything that could keep agents from working, or from being held. Resolves with 1 when there is a problem. */
export async function doctor(args: DoctorArguments, { env, stdout }: CliProcess, version: string): Promise<number> {
  const read = readSettings(args, env);
  const settings = { ...read, dir: resolve(read.dir), sock: resolve(read.sock) };
  const checks: Check[] = [];
  if (args.client === undefined) {
    checks.push(...(await checkSetup({ settings, env, now: new Date() })));
    if (args.offline !== true) checks.push(...(await checkCredentials({ settings, env, now: () => new Date() })));
  }
  if (args.clients !== false) {
    await checkClients({
      env,
      version,
      dir: settings.dir,
      asIs: args["as-is"] ?? false,
      only: args.client,
      onCheck: (check) => checks.push(check),
    });
  }
  const problems = checks.filter(({ status }) => status === "problem").length;
  const warnings = checks.filter(({ status }) => status === "warning").length;
  if (args.json) stdout.write(`${JSON.stringify({ version, problems, warnings, checks }, null, 2)}\n`);
  else {
    const color = settings.color ?? (stdout.isTTY === true && !env.NO_COLOR);
    const end = problems === 0 ? "No problem found" : `${problems} problem${problems === 1 ? "" : "s"} found`;
    stdout.write(`${checksText(checks, { color })}\n${end}${warnings === 0 ? "" : `, ${warnings} to be aware of`}.\n`);
  }
  return problems === 0 ? 0 : 1;
}
