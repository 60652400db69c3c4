const heads = ["", "iam-agent-proxy", "http-mitm-proxy", "beside", "times better", "goal", ""];

/**
 * Rows of cells as a Markdown table, in columns as wide as what they hold.
 * @param {readonly (readonly string[])[]} rows
 */
export function table(rows) {
  const widths = heads.map((head, i) => Math.max(3, head.length, ...rows.map((cells) => cells[i].length)));
  const line = (cells) => `| ${cells.map((cell, i) => pad(cell, widths[i], i)).join(" | ")} |`;
  const rule = `|${widths.map((width, i) => (isNumber(i) ? `${"-".repeat(width + 1)}:` : "-".repeat(width + 2))).join("|")}|`;
  return [line(heads), rule, ...rows.map(line)].join("\n");
}

function pad(cell, width, column) {
  return isNumber(column) ? cell.padStart(width) : cell.padEnd(width);
}

/** The columns of figures. */
function isNumber(column) {
  return column >= 1 && column <= 4;
}
