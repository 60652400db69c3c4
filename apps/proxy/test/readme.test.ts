import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { startOptions } from "../src/options.ts";

const root = new URL("../../../", import.meta.url);
const script = new URL("scripts/options-table.mjs", root);

test("the table of options in docs/options.md is that of the program: node scripts/options-table.mjs --write", async () => {
  const { optionsTable } = (await import(fileURLToPath(script))) as {
    optionsTable(options: typeof startOptions): string;
  };
  const page = readFileSync(new URL("docs/options.md", root), "utf8");
  const section = /<!-- options -->\n([\s\S]*?)\n?<!-- \/options -->/.exec(page)?.[1];
  expect(section).toBe(optionsTable(startOptions));
});

test("docs/options.md names every option once, in the program's order", () => {
  const page = readFileSync(new URL("docs/options.md", root), "utf8");
  const rows = [...page.matchAll(/^\| `--([a-z0-9-]+)[^`]*` \| `([A-Z0-9_]+)` \|/gm)].map(([, name, env]) => [
    name,
    env,
  ]);
  expect(rows).toEqual(Object.entries(startOptions).map(([name, { env }]) => [name, env]));
});
