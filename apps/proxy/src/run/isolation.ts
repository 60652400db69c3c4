import { execFile } from "node:child_process";
import { accessSync, constants, copyFileSync, existsSync, readFileSync, realpathSync } from "node:fs";
import { delimiter, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { UsageError } from "../usage-error.ts";
import { bubblewrapCommand } from "./bubblewrap-command.ts";
import { copyProxyCreds } from "./copy-proxy-creds.ts";
import { hiddenPaths } from "./hidden-paths.ts";
import { fresh, type IsolationView } from "./isolation-view.ts";
import { unshareCommand } from "./unshare-command.ts";

export type IsolationTool = "bubblewrap" | "unshare";

export interface IsolateOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  readonly proxyDir: string;
  readonly runDir: string;
  readonly workingDirectory: string;
  readonly writable: readonly string[];
  /** Which tool; the first that works by default. */
  readonly tool?: IsolationTool | undefined;
  /** Whether the command has a terminal. */
  readonly terminal: boolean;
}

/** How commands are isolated here, found to work. */
export interface Isolation {
  readonly tool: IsolationTool;
  /** `proxy-creds` where it can be seen inside. */
  readonly proxyCreds: string;
  /** Whether the terminal's keys reach the command by themselves. */
  readonly sharesTerminal: boolean;
  /** The command to run for a command, with the proxy at `port` of loopback inside and on `socketPath` outside. */
  wrap(command: readonly string[], proxy: { readonly port: number; readonly socketPath: string }): readonly string[];
}

const shipped = (name: string): string => fileURLToPath(new URL(`../../preload/${name}`, import.meta.url));

/**
 * Finds out how a command can be kept from everything but the proxy, and tries it. Throws `UsageError` when it cannot:
 * nothing is run less isolated than was asked for.
 */
export async function isolate(options: IsolateOptions): Promise<Isolation> {
  if (process.platform !== "linux") {
    throw impossible(`it needs Linux's namespaces, and this is ${process.platform}`);
  }
  const { env, runDir, tool } = options;
  const view = viewOf(options);
  const inside = join(runDir, "isolated-run.cjs");
  copyFileSync(shipped("isolated-run.cjs"), inside);
  const proxyCreds = copyProxyCreds(join(runDir, "proxy-creds"));

  const builders = { bubblewrap: bubblewrapCommand, unshare: unshareCommand } as const;
  const complaints: string[] = [];
  for (const name of tool === undefined ? (["bubblewrap", "unshare"] as const) : [tool]) {
    const needed = name === "bubblewrap" ? ["bwrap", "sh"] : ["unshare", "mount", "ip", "sh"];
    const paths = needed.map((program) => find(program, env.PATH));
    const missing = needed.filter((_, index) => paths[index] === undefined);
    if (missing.length > 0) {
      complaints.push(`${name}: ${missing.join(" and ")} ${missing.length === 1 ? "is" : "are"} not installed`);
      continue;
    }
    const build = (command: readonly string[]): readonly string[] =>
      builders[name](view, command, { program: paths[0] as string });
    const complaint = await complaintOf(build([process.execPath, "-e", ""]));
    if (complaint === undefined) {
      return {
        tool: name,
        proxyCreds,
        sharesTerminal: !view.newSession,
        wrap: (command, { port, socketPath }) => {
          const settings = JSON.stringify({ port, socket: socketPath, hidden: seenEmpty(view) });
          // The terminal's keys reach the whole group: what stands between must not end by them.
          return shielded(build([process.execPath, inside, settings, ...command]));
        },
      };
    }
    complaints.push(`${name}: ${complaint}`);
  }
  throw impossible(complaints.join("; "));
}

function impossible(why: string): UsageError {
  return new UsageError(
    `the command cannot be isolated here, and was not started: ${why}. Install bubblewrap (Debian, Ubuntu: apt install bubblewrap) and allow unprivileged user namespaces, or run the agent in a container or as another user; without --isolate it is run advisory.`,
    { exitCode: 1 },
  );
}

function viewOf({ env, home, proxyDir, runDir, workingDirectory, writable, terminal }: IsolateOptions): IsolationView {
  const hidden = hiddenPaths({ env, home, proxyDir });
  const cwd = realpathSync(workingDirectory);
  for (const path of [cwd, ...writable.map((each) => realpathSync(each))]) {
    if (path === "/" || fresh.some((each) => each === path || each.startsWith(`${path}/`))) {
      throw new UsageError(
        `${path} holds other programs' files and sockets: isolate the command in a directory of its own.`,
      );
    }
    const over = hidden.find((each) => path === each.path || path.startsWith(`${each.path}/`));
    if (over !== undefined) {
      throw new UsageError(
        `${path} is in ${over.path}, which an isolated command must not see: use another directory.`,
      );
    }
  }
  const node = realpathSync(process.execPath);
  return {
    runDir: realpathSync(runDir),
    workingDirectory: cwd,
    writable: writable.map((path) => realpathSync(resolve(path))),
    hidden,
    // Node may itself be in a directory that is hidden.
    shown: [...new Set([node, process.execPath])].filter((path) =>
      [...fresh, ...hidden.map((each) => each.path)].some((above) => path.startsWith(`${above}/`)),
    ),
    newSession: terminal && couldType(),
  };
}

/** Those hidden paths that must look empty inside: not those the run's own directory is in. */
function seenEmpty({ hidden, runDir, shown }: IsolationView): readonly string[] {
  return hidden
    .map(({ path }) => path)
    .filter((path) => ![runDir, ...shown].some((visible) => visible.startsWith(`${path}/`)));
}

/** Whether a program can put characters into the terminal's input (TIOCSTI): Linux 6.2 and later can forbid it. */
function couldType(): boolean {
  try {
    return readFileSync("/proc/sys/dev/tty/legacy_tiocsti", "latin1").trim() !== "0";
  } catch {
    return true;
  }
}

function shielded(command: readonly string[]): readonly string[] {
  return ["sh", "-c", 'trap "" INT QUIT HUP TERM; exec "$@"', "sh", ...command];
}

/** Why a command does not work; undefined when it does. */
function complaintOf([file = "", ...args]: readonly string[]): Promise<string | undefined> {
  return new Promise((done) => {
    execFile(file, args, { timeout: 10_000 }, (error, _stdout, stderr) => {
      if (error === null) return done(undefined);
      done(stderr.trim().split("\n").slice(-2).join(" ") || error.message);
    });
  });
}

function find(program: string, path: string | undefined): string | undefined {
  // `ip` and `mount` may be where only administrators look.
  const directories = [...(path ?? "").split(delimiter), "/usr/sbin", "/sbin", "/usr/bin", "/bin"];
  return directories
    .filter((directory) => directory.startsWith("/"))
    .map((directory) => join(directory, program))
    .find((file) => {
      try {
        accessSync(file, constants.X_OK);
        return existsSync(file);
      } catch {
        return false;
      }
    });
}
