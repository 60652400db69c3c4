/** A `credential_process` that does what stands in a file: prints it, hangs as long as the file is there, or fails. */
import { existsSync, readFileSync } from "node:fs";

const file = process.argv[2];
const told = readFileSync(file, "utf8");
if (told === "hang") setInterval(() => existsSync(file) || process.exit(), 1000);
else if (told === "fail") {
  process.stderr.write("the identity provider is not to be reached\n");
  process.exitCode = 1;
} else process.stdout.write(told);
