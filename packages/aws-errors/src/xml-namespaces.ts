import type { RequestHead } from "@iap/aws-core";
import { XML_NAMESPACES } from "./xml-namespaces.data.ts";

// Services whose models leave the namespace to each operation.
const MORE: Readonly<Record<string, string>> = {
  route53: "https://route53.amazonaws.com/doc/2013-04-01/",
  cloudfront: "http://cloudfront.amazonaws.com/doc/2020-05-31/",
  "s3-control": "http://awss3control.amazonaws.com/doc/2018-08-20/",
};

/** The namespace of a service's XML, found by its name or by a label of its host; undefined when it has none. */
export function xmlNamespace({ host }: RequestHead, service: string | undefined): string | undefined {
  const names = host.toLowerCase().split(".");
  for (const name of service === undefined ? names : [service, ...names]) {
    if (Object.hasOwn(XML_NAMESPACES, name)) return XML_NAMESPACES[name];
    if (Object.hasOwn(MORE, name)) return MORE[name];
  }
  return undefined;
}
