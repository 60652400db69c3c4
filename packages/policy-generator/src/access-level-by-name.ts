/** What an action does to what it is about, in the five words of AWS's Service Authorization Reference, the least first. */
export type AccessLevel = "List" | "Read" | "Tagging" | "Write" | "Permissions";

/** Access levels, the least first. */
export const ACCESS_LEVELS: readonly AccessLevel[] = ["List", "Read", "Tagging", "Write", "Permissions"];

/** The access level that the first word of an action's name tells. It is right for most actions; the others are listed. */
export function accessLevelByName(name: string): AccessLevel {
  const verb = firstWord(name);
  if (verb === "List") return "List";
  if (READING.has(verb)) return "Read";
  if (/^(?:Un)?Tag(?:$|[A-Z])/.test(name)) return "Tagging";
  return "Write";
}

/** `Get` of `GetObject`, `ec2` of `ec2thing`: up to the second capital. */
export function firstWord(name: string): string {
  return /^[A-Za-z0-9][a-z0-9]*/.exec(name)?.[0] ?? "";
}

const READING: ReadonlySet<string> = new Set([
  ...["Get", "Describe", "Batch", "Search", "Query", "Scan", "Head", "Select", "Lookup", "Check", "Preview", "Test"],
  ...["Validate", "Simulate", "Estimate", "Detect", "Read", "View", "Export", "Download", "Retrieve", "Discover"],
]);
