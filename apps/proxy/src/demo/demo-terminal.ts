import { Terminal } from "../terminal/terminal.ts";
import type { Narrator } from "./narrator.ts";

export interface DemoTerminalOptions {
  readonly narrator: Narrator;
  readonly color: boolean;
  readonly stderr: { write(text: string): unknown };
}

/** The proxy's terminal within the demo's story, which tells of the start in its own words. */
export class DemoTerminal extends Terminal {
  constructor({ narrator, color, stderr }: DemoTerminalOptions) {
    const stdout = { write: (line: string) => narrator.proxy(line) };
    super({ format: "text", color, stdout, stderr, now: () => new Date() });
  }

  override started(): void {}
}
