/**
 * Loaded into the proxy before its own program (`--import`): SIGUSR2 begins a CPU profile, and the next one ends it and
 * writes it to the file that the query of this module's URL names.
 */
import { renameSync, writeFileSync } from "node:fs";
import { Session } from "node:inspector";

const file = new URL(import.meta.url).searchParams.get("file");
const intervalMicroseconds = 200;
let session;

process.on("SIGUSR2", () => {
  if (session === undefined) begin();
  else end();
});

function begin() {
  session = new Session();
  session.connect();
  session.post("Profiler.enable");
  session.post("Profiler.setSamplingInterval", { interval: intervalMicroseconds });
  session.post("Profiler.start");
}

function end() {
  session.post("Profiler.stop", (error, { profile } = {}) => {
    writeFileSync(`${file}.new`, JSON.stringify(error === null ? profile : { error: error.message }));
    renameSync(`${file}.new`, file);
  });
  session.disconnect();
  session = undefined;
}
