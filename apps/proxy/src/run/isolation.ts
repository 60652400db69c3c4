import { execFile } from "node:child_process";
import { accessSync, constants, copyFileSync, existsSync, realpathSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { UsageError } from "../usage-error.ts";
import { bubblewrapCommand } from "./bubblewrap-command.ts";
import { copyProxyCreds } from "./copy-proxy-creds.ts";
import { credentialDirectories, hiddenPaths } from "./hidden-paths.ts";
import { isWithin } from "./is-within.ts";
import { fresh, type IsolationView } from "./isolation-view.ts";
import { rebuiltDirectories } from "./rebuilt-directories.ts";
import { seccompFilter } from "./seccomp-filter.ts";
import { unixSockets } from "./unix-sockets.ts";
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
}

/** How commands are isolated here, found to work. */
export interface Isolation {
  readonly tool: IsolationTool;
  /** `proxy-creds` where it can be seen inside. */
  readonly proxyCreds: string;
  /** Whether the command may write in its working directory: not in the home directory, unless that was named. */
  readonly writesHere: boolean;
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
  const filter = seccompFilter();
  if (filter === undefined) throw impossible(`the system calls of ${process.arch} are not known here`);
  const { view, hidden } = viewOf(options);
  writeFileSync(view.seccompFile, filter);
  const inside = join(runDir, "isolated-run.cjs");
  copyFileSync(shipped("isolated-run.cjs"), inside);
  const proxyCreds = copyProxyCreds(join(runDir, "proxy-creds"));

  const builders = { bubblewrap: bubblewrapCommand, unshare: unshareCommand } as const;
  const complaints: string[] = [];
  for (const name of tool === undefined ? (["bubblewrap", "unshare"] as const) : [tool]) {
    const needed = name === "bubblewrap" ? ["bwrap", "sh"] : ["unshare", "mount", "ip", "perl", "sh"];
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
        writesHere: view.writable.includes(view.workingDirectory),
        wrap: (command, { port, socketPath }) => {
          const settings = JSON.stringify({ port, socket: socketPath, hidden });
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

/** What the command is to see, and the hidden paths that must look empty to it. */
function viewOf({ env, home: named, proxyDir, runDir, workingDirectory, writable: more }: IsolateOptions): {
  readonly view: IsolationView;
  readonly hidden: readonly string[];
} {
  const home = realpathSync(named);
  const cwd = realpathSync(workingDirectory);
  const wanted = more.map((path) => {
    if (!existsSync(path)) throw new UsageError(`--writable ${path} is not there: make it first`);
    return realpathSync(path);
  });
  // What is written to a home directory's startup files would run outside: only where the user says so.
  const writable = [...new Set([...(isWithin(home, cwd) ? [] : [cwd]), ...wanted])];
  const credentials = hiddenPaths({ env, home, proxyDir });
  for (const path of [cwd, ...wanted]) {
    if (fresh.some((each) => isWithin(each, path))) {
      throw new UsageError(
        `${path} holds other programs' files and sockets: isolate the command in a directory of its own.`,
      );
    }
    const over = credentials.find((each) => isWithin(path, each.path));
    if (over !== undefined) {
      throw new UsageError(
        `${path} is in ${over.path}, which an isolated command must not see: use another directory.`,
      );
    }
  }
  const isHidden = (path: string): boolean => credentials.some((each) => isWithin(path, each.path));
  const unreachable = [...fresh, "/proc", "/dev", "/sys"];
  const sockets = unixSockets(home)
    .filter((path) => !isHidden(path) && !unreachable.some((above) => isWithin(path, above)))
    .map((path) => ({ path, kind: "file" as const }));
  const hidden = [...credentials, ...sockets];
  const watched = credentialDirectories({ env, home }).map((path) => realpathSync(path));
  const rebuilt = rebuiltDirectories({ home, hidden, watched, writable });
  const node = realpathSync(process.execPath);
  // Node may itself be in a directory that is hidden.
  const shown = [...new Set([node, process.execPath])].filter((path) =>
    [...fresh, ...credentials.map((each) => each.path)].some((above) => isWithin(path, above)),
  );
  const ownDir = realpathSync(runDir);
  return {
    view: {
      runDir: ownDir,
      workingDirectory: cwd,
      writable,
      rebuilt,
      masked: hidden.filter(({ path }) => !rebuilt.some((each) => each.path === dirname(path))),
      shown,
      seccompFile: join(ownDir, "seccomp.bpf"),
    },
    // Not those that the run's own directory is in.
    hidden: credentials
      .map(({ path }) => path)
      .filter((path) => ![ownDir, ...shown].some((visible) => isWithin(visible, path))),
  };
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
