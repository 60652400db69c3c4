import { resolve } from "node:path";
import type { CliProcess } from "../cli.ts";
import { type Check, ChecksText } from "../doctor/check.ts";
import { checkClients } from "../doctor/check-clients.ts";
import { checkCredentials } from "../doctor/check-credentials.ts";
import { checkSetup } from "../doctor/check-setup.ts";
import { type DoctorClient, doctorClients } from "../doctor/clients.ts";
import { type OptionName, readSettings } from "../options.ts";
import { UsageError } from "../usage-error.ts";

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

/**
 * Looks at everything that could keep agents from working, or from being held. Resolves with 1 when there is a problem;
 * throws `UsageError` for a client it does not know, and when it is stopped.
 */
export async function doctor(args: DoctorArguments, process: CliProcess, version: string): Promise<number> {
  const { env, stdout } = process;
  const read = readSettings(args, env);
  const settings = { ...read, dir: resolve(read.dir), sock: resolve(read.sock) };
  const clients = clientsNamed(args.client);
  const text = new ChecksText({
    color: settings.color ?? (stdout.isTTY === true && !env.NO_COLOR),
    nameWidth: Math.max(...doctorClients.map(({ name }) => name.length)),
  });
  const checks: Check[] = [];
  const onCheck = (check: Check): void => {
    checks.push(check);
    if (!args.json) stdout.write(text.of(check));
  };
  if (args.client === undefined) {
    for (const check of await checkSetup({ settings, env, now: new Date() })) onCheck(check);
    if (args.offline !== true) {
      for (const check of await checkCredentials({ settings, env, now: () => new Date() })) onCheck(check);
    }
  }
  if (args.clients !== false) {
    const stop = new AbortController();
    // A second one does not keep it from cleaning up, which takes no time.
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => stop.abort());
    await checkClients({
      ...{ clients, env, version, onCheck },
      dir: settings.dir,
      asIs: args["as-is"] ?? false,
      signal: stop.signal,
    });
  }
  const problems = checks.filter(({ status }) => status === "problem").length;
  const warnings = checks.filter(({ status }) => status === "warning").length;
  if (args.json) stdout.write(`${JSON.stringify({ version, problems, warnings, checks }, null, 2)}\n`);
  else {
    const end = problems === 0 ? "No problem found" : `${problems} problem${problems === 1 ? "" : "s"} found`;
    stdout.write(`\n${end}${warnings === 0 ? "" : `, ${warnings} to be aware of`}.\n`);
  }
  return problems === 0 ? 0 : 1;
}

/** All clients, or those with a text in their names. */
function clientsNamed(text: string | undefined): readonly DoctorClient[] {
  if (text === undefined) return doctorClients;
  const named = doctorClients.filter(({ name }) => name.toLowerCase().includes(text.toLowerCase()));
  if (named.length > 0) return named;
  throw new UsageError(
    `--client ${JSON.stringify(text)} is in no client's name: ${doctorClients.map(({ name }) => name).join(", ")}`,
  );
}
