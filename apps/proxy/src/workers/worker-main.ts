/** A process that serves requests for `iam-agent-proxy --workers N`; started by the first process, and never without it. */
import type { Socket } from "node:net";
import { BatchedOutput } from "../terminal/batched-output.ts";
import { PrimaryLink } from "./primary-link.ts";
import { ServingWorker } from "./serving-worker.ts";
import type { FromWorker, ToWorker } from "./worker-messages.ts";

/** What several processes may write to one pipe without mixing their lines (PIPE_BUF of Linux). */
const pipeBytes = 4096;

const output = new BatchedOutput(process.stdout, pipeBytes);
const link = new PrimaryLink((message: FromWorker) => {
  // The first process is gone when it cannot be told, and then so are we.
  process.send?.(message, undefined, {}, (error) => error !== null && process.exit(1));
});
const worker = new ServingWorker({
  link,
  env: process.env,
  output: { stdout: output, stderr: process.stderr, isTty: process.stdout.isTTY === true },
});

// A terminal sends its signals to all processes; the first one says what becomes of us.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => {});
// Who reads the output may leave.
for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});
process.on("disconnect", () => process.exit(1));
process.on("message", (message: ToWorker, socket: Socket | undefined) => {
  void worker.onMessage(message, socket).then((over) => {
    if (!over) return;
    output.flush();
    process.exit(0);
  });
});
