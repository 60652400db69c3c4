import type { CredentialScope } from "@iap/aws-core";
import { parseAmzDate } from "./amz-date.ts";

/** The text of a credential scope: `20130524/us-east-1/s3/aws4_request`; of a SigV4a scope, which has no region, `20130524/s3/aws4_request`. */
export function formatCredentialScope({ date, region, service }: CredentialScope): string {
  return region === "" ? `${date}/${service}/aws4_request` : `${date}/${region}/${service}/aws4_request`;
}

/** The parts of a credential scope, or undefined when the text is not one. The date is a real calendar date. */
export function parseCredentialScope(text: string): CredentialScope | undefined {
  const parts = text.split("/");
  const [date, region, service, terminator] = parts;
  if (parts.length !== 4 || terminator !== "aws4_request" || !isDate(date)) return undefined;
  if (!region || !service || !isName(region) || !isName(service)) return undefined;
  return { date, region, service };
}

/** The parts of a SigV4a scope, whose region is empty, or undefined when the text is not one. */
export function parseSigv4aScope(text: string): CredentialScope | undefined {
  const parts = text.split("/");
  const [date, service, terminator] = parts;
  if (parts.length !== 3 || terminator !== "aws4_request" || !isDate(date)) return undefined;
  return service && isName(service) ? { date, region: "", service } : undefined;
}

function isDate(text: string | undefined): text is string {
  if (text?.length !== 8) return false;
  if (text === latestDate) return true;
  if (parseAmzDate(`${text}T000000Z`) === undefined) return false;
  latestDate = text;
  return true;
}

/** Most scopes in a row are of the same day. */
let latestDate: string | undefined;

/** Regions and signing names are letters, digits and hyphens (`us-gov-west-1`, `IoTSecuredTunneling`). */
function isName(text: string): boolean {
  if (text.length > 64) return false;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    const letter = (code | 0x20) >= 0x61 && (code | 0x20) <= 0x7a;
    const digit = code >= 0x30 && code <= 0x39;
    if (!letter && !digit && code !== 0x2d) return false;
  }
  return true;
}
