import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** The kept inputs of a target: those that reached something, and those that once went wrong. Lines of base64. */
export class Corpus {
  readonly #file: string;

  constructor(target: string) {
    this.#file = fileURLToPath(new URL(`../corpus/${target.replace("/", "-")}.txt`, import.meta.url));
  }

  read(): readonly Uint8Array[] {
    if (!existsSync(this.#file)) return [];
    return readFileSync(this.#file, "utf8")
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => Buffer.from(line, "base64"));
  }

  /** Adds inputs to what is there. */
  keep(inputs: readonly Uint8Array[]): void {
    const lines = new Set([...this.read(), ...inputs].map((bytes) => Buffer.from(bytes).toString("base64")));
    writeFileSync(this.#file, [...lines].map((line) => `${line}\n`).join(""));
  }
}
