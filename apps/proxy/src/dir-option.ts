import type { Argv } from "yargs";
import { defaultDir, startOptions } from "./options.ts";

/** `--dir` of the commands that read what the proxy left there; `PROXY_DIR` stands for it. */
export function dirOption<T>(y: Argv<T>, env: Readonly<Record<string, string | undefined>>): Argv<T & { dir: string }> {
  const { describe, env: variable, placeholder, defaultText } = startOptions.dir;
  return y.option("dir", {
    type: "string",
    requiresArg: true,
    default: env[variable] || defaultDir(env),
    defaultDescription: defaultText,
    describe: `${placeholder}: ${describe} [env: ${variable}]`,
  });
}
