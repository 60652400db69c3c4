// Prints the table of options that docs/options.md has between <!-- options --> and <!-- /options -->; with --write, puts
// it there. Needs the build.
import { readFileSync, writeFileSync } from "node:fs";

/** The table of `startOptions`, a row for each option in its order. */
export function optionsTable(startOptions) {
  const rows = Object.entries(startOptions).map(([name, { env, placeholder, choices, defaultText = "", describe }]) => {
    const value = placeholder ?? choices?.join("|");
    const flag = value === undefined ? `--${name}` : `--${name} ${value}`;
    return `| \`${cell(flag)}\` | \`${env}\` | ${cell(defaultText)} | ${cell(describe)} |`;
  });
  return ["| flag | environment | default | description |", "|---|---|---|---|", ...rows].join("\n");
}

/** The page with the table in its place; throws when it has no place for it. */
export function withOptionsTable(page, table) {
  const place = /<!-- options -->\n[\s\S]*?<!-- \/options -->/;
  if (!place.test(page)) throw new Error("docs/options.md has no <!-- options --> and <!-- /options --> lines");
  return page.replace(place, () => `<!-- options -->\n${table}\n<!-- /options -->`);
}

/** Text in a cell: a bar would end it. */
function cell(text) {
  return text.replaceAll("|", "\\|");
}

if (process.argv[1] === new URL(import.meta.url).pathname) {
  const { startOptions } = await import("../apps/proxy/dist/options.js");
  const table = optionsTable(startOptions);
  if (process.argv.includes("--write")) {
    const page = new URL("../docs/options.md", import.meta.url);
    writeFileSync(page, withOptionsTable(readFileSync(page, "utf8"), table));
  } else {
    process.stdout.write(`${table}\n`);
  }
}
