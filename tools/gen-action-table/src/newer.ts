import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { readServices, type Service, sdkName } from "./botocore.ts";
import { withSdkV3 } from "./sdk-v3.ts";

/** A release check: operations of newer models (botocore, SDK v3) that the committed tables lack. Ends with 1 when there are some. */
const { values } = parseArgs({ options: { botocore: { type: "string" }, "sdk-v3": { type: "string" } } });
if (values.botocore === undefined) {
  process.stderr.write("usage: node dist/newer.js --botocore DIR [--sdk-v3 DIR]\n");
  process.exit(2);
}
const models = readServices(values.botocore);
const services = values["sdk-v3"] === undefined ? models : (await withSdkV3(values["sdk-v3"], models)).services;
const missing = services.flatMap((service) => {
  const known = operationsOf(service);
  const names = Object.values(service.model.operations).map(sdkName);
  return known === undefined
    ? [`${service.name} (the whole service)`]
    : names.filter((name) => !known.has(name)).map((name) => `${service.name} ${name}`);
});
for (const one of missing) process.stdout.write(`${one}\n`);
process.stderr.write(`${missing.length} operations are newer than the tables\n`);
process.exitCode = missing.length > 0 ? 1 : 0;

function operationsOf({ name }: Service): ReadonlySet<string> | undefined {
  const file = join(import.meta.dirname, "..", "..", "..", "packages", "action-resolver", "data", `${name}.json`);
  try {
    return new Set(Object.keys((JSON.parse(readFileSync(file, "utf8")) as { operations: object }).operations));
  } catch {
    return undefined;
  }
}
