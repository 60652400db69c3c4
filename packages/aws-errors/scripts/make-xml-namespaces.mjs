// Writes src/xml-namespaces.data.ts: the XML namespace of each service that answers in XML, by endpoint prefix and by
// signing name. Input: data/signing-names.json in the folder that IAP_SHARED_DIR names.
//
//     IAP_SHARED_DIR=… node scripts/make-xml-namespaces.mjs
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const shared = process.env.IAP_SHARED_DIR;
if (!shared) {
  console.error("Set IAP_SHARED_DIR to the folder that holds data/signing-names.json.");
  process.exit(1);
}

const services = Object.values(JSON.parse(readFileSync(join(shared, "data/signing-names.json"), "utf8")));
const namespaces = new Map();

// Two services may share a name (elasticloadbalancing): the newest API version, which sorts last, stands for both. An
// endpoint prefix wins over a signing name, since hosts are told apart by it.
for (const key of ["signingName", "endpointPrefix"]) {
  const found = services
    .filter(({ xmlNamespace }) => xmlNamespace)
    .map((service) => [service[key], service.xmlNamespace])
    .sort(([a, x], [b, y]) => compare(a, b) || compare(x, y));
  for (const [name, namespace] of found) namespaces.set(name, namespace);
}

const lines = [...namespaces]
  .sort(([a], [b]) => compare(a, b))
  .map(([name, namespace]) => `  ${JSON.stringify(name)}: ${JSON.stringify(namespace)},`);
writeFileSync(
  new URL("../src/xml-namespaces.data.ts", import.meta.url),
  [
    "// Made by scripts/make-xml-namespaces.mjs from the service models of botocore (Apache-2.0). Do not edit.",
    "",
    "/** XML namespaces by endpoint prefix and signing name. */",
    "export const XML_NAMESPACES: Readonly<Record<string, string>> = {",
    ...lines,
    "};",
    "",
  ].join("\n"),
);

function compare(a, b) {
  return a < b ? -1 : a > b ? 1 : 0;
}
