/**
 * A stand-in for a credential broker such as elhaz, for the test in network namespaces: a socket that hands out real
 * credentials (and, like the real one, can be told to stop), and a client that prints them as credential_process does.
 *
 *   node broker.mjs serve SOCKET       reads the credentials as JSON from stdin
 *   node broker.mjs export SOCKET
 */
import { connect, createServer } from "node:net";

const [verb, path] = process.argv.slice(2);
if (verb === "serve") {
  let text = "";
  for await (const chunk of process.stdin) text += chunk;
  const { accessKeyId, secretAccessKey, sessionToken } = JSON.parse(text);
  const server = createServer((socket) => {
    socket.once("data", (chunk) => {
      if (chunk.toString().trim() === "kill") process.exit(0);
      socket.end(
        JSON.stringify({
          Version: 1,
          AccessKeyId: accessKeyId,
          SecretAccessKey: secretAccessKey,
          SessionToken: sessionToken,
          Expiration: new Date(Date.now() + 3_600_000).toISOString().replace(/\.\d+Z/, "Z"),
        }),
      );
    });
  });
  server.listen({ path }, () => process.stdout.write("ready\n"));
} else {
  const socket = connect({ path }, () => socket.write("export\n"));
  socket.pipe(process.stdout);
  socket.once("error", (error) => {
    process.stderr.write(`broker: ${error.message}\n`);
    process.exitCode = 1;
  });
}
