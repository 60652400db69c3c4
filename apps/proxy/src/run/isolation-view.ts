import type { HiddenPath } from "./hidden-paths.ts";

/** What the command is to see, by absolute paths. */
export interface IsolationView {
  /** The directory of this run: its sockets, certificates and configuration. Read-only. */
  readonly runDir: string;
  readonly workingDirectory: string;
  /** Written to, besides the working directory. */
  readonly writable: readonly string[];
  readonly hidden: readonly HiddenPath[];
  /** Read-only, though in a directory that is hidden. */
  readonly shown: readonly string[];
  /** Whether it must not share the terminal's session, because it could type into it. */
  readonly newSession: boolean;
}

/** Directories that an isolated command gets anew: other programs' sockets are in them. */
export const fresh: readonly string[] = ["/tmp", "/var/tmp", "/run"];
