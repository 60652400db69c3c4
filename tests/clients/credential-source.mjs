/** A `credential_process` that does what stands in a file: prints it, hangs, or fails. */
import { readFileSync } from "node:fs";

const told = readFileSync(process.argv[2], "utf8");
if (told === "hang") setInterval(() => {}, 1000);
else if (told === "fail") {
  process.stderr.write("the identity provider is not to be reached\n");
  process.exitCode = 1;
} else process.stdout.write(told);
