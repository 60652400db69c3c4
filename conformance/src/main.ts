/** `main.js VERB < FILE.jsonl`: one JSON line out for each JSON line in, in order; nothing else goes to stdout. */
import { answerLines } from "./answer-lines.ts";
import { verbs } from "./verbs.ts";

const [verb = "", ...more] = process.argv.slice(2);
const found = Object.hasOwn(verbs, verb) ? verbs[verb] : undefined;
if (found === undefined || more.length > 0) {
  const list = Object.entries(verbs).map(([name, { does }]) => `  ${name.padEnd(10)} ${does}\n`);
  process.stderr.write(`usage: npm run -s conformance -- VERB < FILE.jsonl\n\n${list.join("")}`);
  process.exitCode = 2;
} else {
  // A reader that has seen enough (`| head`) ends this too.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
    process.exit(1);
  });
  const faults = await answerLines(process.stdin, process.stdout, await found.load());
  process.exitCode = faults === 0 ? 0 : 1;
}
