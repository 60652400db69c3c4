// Node's own answer to it is to open a debugger, to which any program of this machine could connect.
process.on("SIGUSR1", () => {});
const { runCli } = await import("./cli.ts");

process.exitCode = await runCli(process.argv.slice(2), process);
// What a library left running, such as a credential_process that hangs, does not keep a program that is done.
for (const stream of [process.stdout, process.stderr]) await new Promise((resolve) => stream.write("", resolve));
process.exit();

export {};
