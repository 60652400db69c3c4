import { join } from "node:path";
import type { CliProcess } from "../cli.ts";
import { askProxy } from "../control-socket.ts";

/** Has the proxy of this data directory read its policies again, and says what changed. 1 when it kept the old ones. */
export async function reload({ dir }: { readonly dir: string }, { stdout, stderr }: CliProcess): Promise<number> {
  const { ok, message } = await askProxy(join(dir, "control.sock"), "reload");
  (ok ? stdout : stderr).write(`${message}\n`);
  return ok ? 0 : 1;
}
