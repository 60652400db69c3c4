import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { credentialDirectories, hiddenPaths } from "../../src/run/hidden-paths.ts";

let home: string;
beforeEach(() => {
  home = realpathSync(mkdtempSync(join(tmpdir(), "iap-hidden-")));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

/** What is hidden under the home directory, by names relative to it. */
function hidden(env: Record<string, string> = {}): Record<string, string> {
  const found = hiddenPaths({ env, home, proxyDir: join(home, ".iam-agent-proxy") });
  return Object.fromEntries(
    found
      .filter(({ path }) => path.startsWith(`${home}/`))
      .map(({ path, kind }) => [path.slice(home.length + 1), kind]),
  );
}

test("credentials that are there are hidden, and nothing that is not", () => {
  expect(hidden()).toEqual({});
  mkdirSync(join(home, ".aws"));
  mkdirSync(join(home, ".iam-agent-proxy"));
  writeFileSync(join(home, ".netrc"), "");
  mkdirSync(join(home, "project"));
  expect(hidden()).toEqual({ ".aws": "directory", ".iam-agent-proxy": "directory", ".netrc": "file" });
});

test("what variables name is hidden too", () => {
  for (const name of ["config", "token", "kube1", "kube2"]) writeFileSync(join(home, name), "");
  expect(
    hidden({
      AWS_CONFIG_FILE: join(home, "config"),
      AWS_WEB_IDENTITY_TOKEN_FILE: join(home, "token"),
      KUBECONFIG: `${join(home, "kube1")}:${join(home, "kube2")}`,
    }),
  ).toEqual({ config: "file", token: "file", kube1: "file", kube2: "file" });
});

test("what is kept where XDG's variables say is hidden there as well as in its usual place", () => {
  for (const directory of [".config/rclone", "settings/rclone", "settings/op", "data/keyrings", ".local/share/fish"]) {
    mkdirSync(join(home, directory), { recursive: true });
  }
  const env = { XDG_CONFIG_HOME: join(home, "settings"), XDG_DATA_HOME: join(home, "data") };
  expect(Object.keys(hidden(env)).sort()).toEqual([
    ".config/rclone",
    ".local/share/fish",
    "data/keyrings",
    "settings/op",
    "settings/rclone",
  ]);
  expect(Object.keys(hidden({ XDG_CONFIG_HOME: "" })).sort()).toEqual([".config/rclone", ".local/share/fish"]);
  const places = credentialDirectories({ env, home });
  for (const place of [".config", "settings", "data", ".local/share"]) expect(places).toContain(join(home, place));
});

test("a link is no way round: what it leads to is hidden, and what links in the directory lead to", () => {
  mkdirSync(join(home, "dotfiles", "aws"), { recursive: true });
  mkdirSync(join(home, "vault"));
  writeFileSync(join(home, "secret"), "");
  symlinkSync(join(home, "dotfiles", "aws"), join(home, ".aws"));
  symlinkSync("../../secret", join(home, "dotfiles", "aws", "credentials"));
  symlinkSync(join(home, "vault"), join(home, "dotfiles", "aws", "sso"));
  expect(hidden()).toEqual({ "dotfiles/aws": "directory", secret: "file", vault: "directory" });
});

test("a link to the home directory, or above, hides nothing: the command needs it", () => {
  mkdirSync(join(home, ".aws"));
  symlinkSync(home, join(home, ".aws", "home"));
  symlinkSync("/", join(home, ".aws", "root"));
  expect(hidden()).toEqual({ ".aws": "directory" });
});

test("links that go round end", () => {
  mkdirSync(join(home, ".aws"));
  symlinkSync(join(home, ".aws"), join(home, ".aws", "self"));
  symlinkSync(join(home, ".aws", "b"), join(home, ".aws", "a"));
  symlinkSync(join(home, ".aws", "a"), join(home, ".aws", "b"));
  expect(hidden()).toEqual({ ".aws": "directory" });
});
