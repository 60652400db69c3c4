// Prints the tables of options that docs/options.md has between <!-- options --> and <!-- /options -->; with --write, puts
// them there. Needs the build.
import { readFileSync, writeFileSync } from "node:fs";

/** The tables of `startOptions`, one under each heading, a row for each option in its order. */
export function optionsTable(startOptions) {
  const lines = [];
  let heading;
  for (const [name, { group, env, placeholder, choices, defaultText = "", describe }] of Object.entries(startOptions)) {
    if (group !== heading) {
      lines.push("", `## ${group}`, "", "| flag | environment | default | description |", "|---|---|---|---|");
      heading = group;
    }
    const value = placeholder ?? choices?.join("|");
    const flag = value === undefined ? `--${name}` : `--${name} ${value}`;
    lines.push(`| \`${cell(flag)}\` | \`${env}\` | ${cell(defaultText)} | ${cell(describe)} |`);
  }
  return lines.slice(1).join("\n");
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
