import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { endWithUs } from "./end-with-us.mjs";

const callTimeoutMs = 120_000;

/** A process of the bench: a program of this folder that serves methods (`serve.mjs`). */
export class Worker {
  #child;
  #name;
  #calls = new Map();
  #lastId = 0;
  #stderr = "";

  /** @param {string} name The program's file name here, without `.mjs`. */
  constructor(name) {
    this.#name = name;
    this.#child = fork(fileURLToPath(new URL(`${name}.mjs`, import.meta.url)), {
      stdio: ["ignore", "ignore", "pipe", "ipc"],
    });
    endWithUs(this.#child);
    this.#child.stderr.setEncoding("utf8").on("data", (text) => {
      this.#stderr = (this.#stderr + text).slice(-2000);
    });
    this.#child.on("message", ({ id, result, error }) => {
      const call = this.#calls.get(id);
      this.#calls.delete(id);
      if (error === undefined) call?.resolve(result);
      else call?.reject(new Error(`${name}: ${error}`));
    });
    this.#child.on("exit", (code, signal) => {
      for (const { reject } of this.#calls.values()) {
        reject(new Error(`${name} ended (${code ?? signal}): ${this.#stderr}`));
      }
      this.#calls.clear();
    });
  }

  get pid() {
    return this.#child.pid;
  }

  /** What it wrote on stderr last. */
  get stderr() {
    return this.#stderr;
  }

  /** Calls a method of the process; throws what it throws, or when the process ends or does not answer in two minutes. */
  async call(method, options) {
    const id = ++this.#lastId;
    if (!this.#child.connected) throw new Error(`${this.#name} has ended: ${this.#stderr}`);
    let timer;
    try {
      return await new Promise((resolve, reject) => {
        timer = setTimeout(() => reject(new Error(`${this.#name} did not answer ${method}`)), callTimeoutMs);
        this.#calls.set(id, { resolve, reject });
        this.#child.send({ id, method, options });
      });
    } finally {
      clearTimeout(timer);
    }
  }

  async [Symbol.asyncDispose]() {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#child.kill("SIGKILL");
    await once(this.#child, "exit");
  }
}
