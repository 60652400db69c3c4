import type { Protocol, ResolvedCall } from "@iap/aws-core";
import { credentialOutputs } from "./credential-outputs.data.ts";

/** Where an operation's answer carries AWS credentials. Names are the wire's. */
export interface CredentialOutput {
  /** The members that lead to the structure; `[]` stands for each item of a list. Below the wrappers of XML. */
  readonly path: readonly string[];
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  /** Missing where the answer does not say when they expire. */
  readonly expiration?: string | undefined;
  /** The members above the path in XML: the result wrapper of the query protocol. */
  readonly wrappers?: readonly string[] | undefined;
}

/**
 * Where the answer of a call carries credentials that can be replaced; undefined when it is no such call. One of several
 * operations that it may be is enough: what has not the form of that one's answer, and speaks of keys, is withheld.
 */
export function credentialOutput({
  service,
  operations,
}: Pick<ResolvedCall, "service" | "operations">): CredentialOutput | undefined {
  for (const operation of operations) {
    const name = `${service}:${operation}`;
    if (Object.hasOwn(credentialOutputs, name)) return credentialOutputs[name];
  }
  return undefined;
}

/** The form in which a protocol writes its answers. */
export function answerForm(protocol: Protocol): "xml" | "json" | "cbor" {
  switch (protocol) {
    case "awsQuery":
    case "ec2Query":
    case "restXml":
      return "xml";
    case "rpcV2Cbor":
      return "cbor";
    default:
      return "json";
  }
}
