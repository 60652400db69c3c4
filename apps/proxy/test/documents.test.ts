import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { startOptions } from "../src/options.ts";
import { runProgram } from "./program.ts";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const read = (file: string): string => readFileSync(join(root, file), "utf8");

describe("docs/options.md", () => {
  test("has the tables of the program: node scripts/options-table.mjs --write", async () => {
    const { optionsTable } = (await import(join(root, "scripts/options-table.mjs"))) as {
      optionsTable(options: typeof startOptions): string;
    };
    const section = /<!-- options -->\n([\s\S]*?)\n?<!-- \/options -->/.exec(read("docs/options.md"))?.[1];
    expect(section).toBe(optionsTable(startOptions));
  });

  test("names every option once, in the program's order", () => {
    const rows = [...read("docs/options.md").matchAll(/^\| `--([a-z0-9-]+)[^`]*` \| `([A-Z0-9_]+)` \|/gm)];
    expect(rows.map(([, name, env]) => [name, env])).toEqual(
      Object.entries(startOptions).map(([name, { env }]) => [name, env]),
    );
  });
});

test("the README's table of commands is that of the help", async () => {
  const { stdout } = await runProgram(["--help"], { HOME: root });
  const ofHelp = [...stdout.matchAll(/^ {2}iam-agent-proxy ([a-z]+).* {2}/gm)].map(([, name]) => name);
  const section = /^## Commands\n([\s\S]*?)^## /m.exec(read("README.md"))?.[1] ?? "";
  const ofReadme = [...section.matchAll(/^\|.*`iam-agent-proxy ([a-z]+)[^`]*` \|/gm)].map(([, name]) => name);
  expect(ofReadme.length).toBeGreaterThan(10);
  expect(ofReadme.sort()).toEqual([...new Set(ofHelp)].sort());
});

test("each invariant in DESIGN.md is held by tests that are there", () => {
  const text = read("DESIGN.md");
  const section = /^## What must always hold\n([\s\S]*?)^## /m.exec(text)?.[1] ?? "";
  const invariants = [...section.matchAll(/^(\d+)\. /gm)].map(([, number]) => number);
  const held = [...section.matchAll(/^\| (\d+) \| `(.+)` \| (.+) \|$/gm)];
  expect(invariants.length).toBeGreaterThan(5);
  expect(new Set(held.map(([, number]) => number))).toEqual(new Set(invariants));
  expect(held.filter(([, , file = "", name = ""]) => !read(file).includes(name)).map(([row]) => row)).toEqual([]);
});

describe("what the documents lead to is there", () => {
  test.each(documents("."))("%s", (document) => {
    const text = read(document);
    // In backticks, from the root, from the document, from a package or a tool; capitals stand for what one chooses.
    const path =
      /`((?:\.\.\/)*(?:apps|packages|tools|tests|scripts|docs|examples|bench|conformance|fuzz|\.ci|src|test|data)\/[a-z0-9./_-]+)`/g;
    const bases = [".", dirname(document), "tests", ...["apps", "packages", "tools"].flatMap((each) => below(each))];
    const paths = [...text.matchAll(path)].map(([, each = ""]) => each);
    expect(paths.filter((each) => !bases.some((base) => existsSync(join(root, base, each))))).toEqual([]);

    const links = [...text.matchAll(/\]\((?!https?:)([^)\s]+)\)/g)].map(([, each = ""]) => each.split("#"));
    const missing = links.filter(([file = "", anchor]) => {
      const target = file === "" ? document : join(dirname(document), file);
      if (!existsSync(join(root, target))) return true;
      return anchor !== undefined && !anchors(read(target)).includes(anchor);
    });
    expect(missing.map((parts) => parts.join("#"))).toEqual([]);
  });
});

/** The Markdown files of the repository, by their paths from its root. */
function documents(directory: string): string[] {
  return readdirSync(join(root, directory), { withFileTypes: true }).flatMap((entry) => {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) return /^(node_modules|dist|\.git|\.turbo)$/.test(entry.name) ? [] : documents(path);
    return entry.name.endsWith(".md") ? [path] : [];
  });
}

function below(directory: string): string[] {
  return readdirSync(join(root, directory)).map((name) => join(directory, name));
}

/** What GitHub calls the headings of a page. */
function anchors(markdown: string): string[] {
  return [...markdown.matchAll(/^#+ (.*)$/gm)].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-"),
  );
}
