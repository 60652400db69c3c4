import { createHash } from "node:crypto";
import { expect } from "vitest";
import { describe, run } from "./child.ts";

/** What a client program says about one of its steps. */
export interface StepResult {
  readonly step: string;
  readonly ok: boolean;
  readonly value?: unknown;
  readonly error?: {
    readonly name: string;
    readonly message: string;
    readonly status?: number;
    readonly attempts?: number;
  };
}

export interface StepRun {
  /** All that the client wrote. */
  readonly output: string;
  /** The value of a step that must have succeeded. */
  value(step: string): unknown;
  /** The error of a step that must have failed. */
  error(step: string): NonNullable<StepResult["error"]>;
}

/** Runs a client program that prints a JSON line per step. */
export async function runSteps(command: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<StepRun> {
  const exited = await run(command, args, { env, timeoutMs: 110_000 });
  if (exited.code !== 0) throw new Error(describe(exited));
  const results = new Map(
    exited.stdout
      .split("\n")
      .filter((line) => line.startsWith("{"))
      .map((line) => JSON.parse(line) as StepResult)
      .map((result) => [result.step, result]),
  );
  const result = (step: string): StepResult => {
    const found = results.get(step);
    if (!found) throw new Error(`No step ${step}: ${describe(exited)}`);
    return found;
  };
  return {
    output: exited.stdout + exited.stderr,
    value(step) {
      const { ok, value, error } = result(step);
      expect(ok, `${step} failed: ${JSON.stringify(error)}`).toBe(true);
      return value;
    },
    error(step) {
      const { ok, error } = result(step);
      expect(ok, `${step} succeeded, and should not have`).toBe(false);
      return error as NonNullable<StepResult["error"]>;
    },
  };
}

/** Content that every client program computes in the same way. */
export function content(length: number): Buffer {
  const bytes = Buffer.alloc(length);
  for (let i = 0; i < length; i++) bytes[i] = (i * 31 + (i >>> 8) * 7) & 0xff;
  return bytes;
}

/** `length:sha256`, by which content is compared. */
export function digest(bytes: Buffer): string {
  return `${bytes.length}:${createHash("sha256").update(bytes).digest("hex")}`;
}
