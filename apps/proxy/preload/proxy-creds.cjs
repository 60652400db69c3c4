/*
 * `proxy-creds` for isolated runs, in one file that is copied to where the command can see it: prints the agent's
 * credentials, which it asks of the socket named by its argument (--sock PATH).
 */
"use strict";

const { createConnection } = require("node:net");

const path = process.argv[process.argv.indexOf("--sock") + 1];
const socket = createConnection({ path });
let text = "";
const fail = (why) => {
  process.stderr.write(`proxy-creds: ${why}\n`);
  process.exit(1);
};
socket.setTimeout(5000, () => fail(`iam-agent-proxy at ${path} did not answer`));
socket.once("connect", () => socket.write('{"version":1,"verb":"credentials"}\n'));
socket.on("error", (error) => fail(`iam-agent-proxy is not running: ${error.message}`));
socket.on("data", (chunk) => {
  text += chunk;
});
socket.once("end", () => {
  const { result, error } = JSON.parse(text || "{}");
  if (result === undefined) return fail(error === undefined ? "there was no answer" : error.message);
  process.stdout.write(`${JSON.stringify(result)}\n`);
  socket.destroy();
});
