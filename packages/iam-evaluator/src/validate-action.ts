import type { Place, Report } from "./finding.ts";

/** Judges one pattern of Action or NotAction: `*`, or `service:name` where only the name may have wildcards. */
export function checkAction(action: string, at: Place, report: Report): void {
  if (action === "*") return;
  const shown = JSON.stringify(action);
  const colon = action.indexOf(":");
  if (colon < 0) {
    report("ERROR", "INVALID_ACTION", at, `The action ${shown} names no service.`, 'Write it as "service:Action".');
  } else if (action.indexOf(":", colon + 1) >= 0) {
    report("ERROR", "INVALID_ACTION", at, `The action ${shown} has more than one colon.`, 'Write "service:Action".');
  } else if (!/^[A-Za-z0-9.-]+$/.test(action.slice(0, colon))) {
    report(
      "ERROR",
      "INVALID_ACTION",
      at,
      `The action ${shown} has no valid service prefix, which is letters, digits, "." and "-" without wildcards.`,
      'Write "service:Action", or "*" for every action of every service.',
    );
  } else if (colon === action.length - 1) {
    report(
      "ERROR",
      "INVALID_ACTION",
      at,
      `The action ${shown} names no action.`,
      `Write "${action}*" for all of them.`,
    );
  } else if (!/^[!-~]+$/.test(action)) {
    report(
      "WARNING",
      "UNMATCHABLE_ACTION",
      at,
      `The action ${shown} matches none: names of actions have no blanks and no letters beyond ASCII.`,
      "Remove what does not belong there.",
    );
  }
}
