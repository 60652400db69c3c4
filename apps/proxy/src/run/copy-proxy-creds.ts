import { cpSync, mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { proxyCredsPath } from "proxy-creds";

/**
 * Copies `proxy-creds` and the packages it is made of, for a command that does not see where they are installed. Gives the
 * program's path.
 */
export function copyProxyCreds(dir: string): string {
  const modules = join(dir, "node_modules");
  copyPackage(dirname(dirname(proxyCredsPath)), dir);
  return join(dir, "dist", "main.js");

  function copyPackage(from: string, to: string): void {
    const manifest = join(from, "package.json");
    mkdirSync(to, { recursive: true });
    cpSync(manifest, join(to, "package.json"));
    cpSync(join(from, "dist"), join(to, "dist"), {
      recursive: true,
      filter: (file) => !/\.(map|d\.ts|tsbuildinfo)$/.test(file),
    });
    // `as`: a package of ours.
    const { dependencies = {} } = JSON.parse(readFileSync(manifest, "utf8")) as { dependencies?: object };
    for (const name of Object.keys(dependencies)) {
      copyPackage(dirname(dirname(createRequire(manifest).resolve(name))), join(modules, name));
    }
  }
}
