import {
  accessSync,
  constants,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { userInfo } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { rebuiltDirectories } from "../../src/run/rebuilt-directories.ts";
import { unixSockets } from "../../src/run/unix-sockets.ts";

// Not in /tmp, which an isolated command has anew, and where HOME may be.
const own = userInfo().homedir;

describe.skipIf(!isWritable(own))("in a home directory (one that its user may write to)", () => {
  let home: string;
  beforeEach(() => {
    home = realpathSync(mkdtempSync(join(own, ".iap-rebuilt-")));
  });
  afterEach(() => rmSync(home, { recursive: true, force: true }));

  test("a directory that holds something hidden is shown with the rest of what it has", () => {
    for (const path of [".aws", ".config/gcloud", ".config/git", "project"])
      mkdirSync(join(home, path), { recursive: true });
    writeFileSync(join(home, ".netrc"), "");
    writeFileSync(join(home, ".profile"), "");
    symlinkSync("project", join(home, "link"));
    const hidden = [".aws", ".netrc", ".config/gcloud"].map((path) => ({ path: join(home, path) }));
    expect(rebuiltDirectories({ home, hidden, watched: [], writable: [] })).toEqual([
      {
        path: home,
        entries: [
          { path: join(home, ".profile"), kind: "file" },
          { path: join(home, "link"), kind: { link: "project" } },
          { path: join(home, "project"), kind: "directory" },
        ],
      },
      { path: join(home, ".config"), entries: [{ path: join(home, ".config", "git"), kind: "directory" }] },
    ]);
  });

  test("one that may come to hold something hidden is shown so too; one that is written to, or hidden itself, is not", () => {
    for (const path of [".config", "project", ".docker/run"]) mkdirSync(join(home, path), { recursive: true });
    const rebuilt = rebuiltDirectories({
      home,
      hidden: [".docker", ".docker/run/docker.sock", "project/.env"].map((path) => ({ path: join(home, path) })),
      watched: [join(home, ".config")],
      writable: [join(home, "project")],
    });
    expect(rebuilt.map(({ path }) => path)).toEqual([home, join(home, ".config")]);
  });

  test("sockets are found by who listens, and in the home directory whether or not anybody does", async () => {
    const deep = join(home, "a", "b", "c", "d");
    mkdirSync(deep, { recursive: true });
    const paths = [join(deep, "s"), join(home, "a", "t")];
    const servers = await Promise.all(
      paths.map(async (path) => {
        const server = createServer().listen(path);
        await new Promise((listening) => server.once("listening", listening));
        return server;
      }),
    );
    const found = unixSockets(home);
    for (const server of servers) server.close();
    expect(found).toEqual(expect.arrayContaining(paths));
    expect(unixSockets(home)).not.toContain(paths[0]);
  });
});

function isWritable(directory: string): boolean {
  try {
    accessSync(directory, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
