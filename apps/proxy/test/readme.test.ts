import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { startOptions } from "../src/options.ts";

const root = new URL("../../../", import.meta.url);
const script = new URL("scripts/options-table.mjs", root);

test("the README's table of options is that of the program: node scripts/options-table.mjs --write", async () => {
  const { optionsTable } = (await import(fileURLToPath(script))) as {
    optionsTable(options: typeof startOptions): string;
  };
  const readme = readFileSync(new URL("README.md", root), "utf8");
  const section = /<!-- options -->\n([\s\S]*?)\n?<!-- \/options -->/.exec(readme)?.[1];
  expect(section).toBe(optionsTable(startOptions));
});

test("the README names every option once, in the program's order", () => {
  const readme = readFileSync(new URL("README.md", root), "utf8");
  const rows = [...readme.matchAll(/^\| `--([a-z0-9-]+)[^`]*` \| `([A-Z0-9_]+)` \|/gm)].map(([, name, env]) => [
    name,
    env,
  ]);
  expect(rows).toEqual(Object.entries(startOptions).map(([name, { env }]) => [name, env]));
});
