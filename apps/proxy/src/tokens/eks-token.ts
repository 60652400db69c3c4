import { parseEndpoint } from "@iap/aws-core";
import { VerbError } from "@iap/cred-vendor";
import { stsHost } from "../upstream/identity.ts";
import { headOfUrl, notAToken, presignedUrl, tokenHead } from "./presigned-token.ts";
import { expirationOf, type SignedToken, type TokenSubject } from "./token-subject.ts";

/** A token for a cluster of EKS, as `aws eks get-token` makes it. */
export interface EksToken {
  readonly clusterName: string;
  /** The STS that the cluster is to ask who this is. */
  readonly stsHost: string;
}

const PREFIX = "k8s-aws-v1.";
const ID_HEADER = "x-k8s-aws-id";
const TARGET = "/?Action=GetCallerIdentity&Version=2011-06-15";
/** What the URL says of itself, like `aws eks get-token`; clusters take the token for 15 minutes, clients renew it at 14. */
const URL_SECONDS = 60;
const TOKEN_SECONDS = 14 * 60;

/** The STS of a region, for a token that is asked for by name. */
export function eksStsHost(region: string | undefined): string {
  const host = stsHost(region ?? "us-east-1");
  if (host === undefined) throw new VerbError("badRequest", `No STS endpoint is known for region ${region}.`);
  return host;
}

/**
 * A presigned GetCallerIdentity with the cluster's name in a signed header: who shows it to that cluster is whom STS
 * says. GetCallerIdentity needs no permission; what the token opens is the Kubernetes API, for which IAM has an action.
 */
export function eksToken({ clusterName, stsHost: host }: EksToken): TokenSubject {
  const endpoint = parseEndpoint(host);
  if (endpoint?.endpointPrefix !== "sts" || endpoint.kind !== "service" || endpoint.region === undefined) {
    throw new VerbError("badRequest", `${host} is not an endpoint of STS.`);
  }
  if (!/^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$/.test(clusterName)) {
    throw new VerbError("badRequest", "An EKS token needs the cluster's name: letters, digits, - and _.");
  }
  const { partition, region } = endpoint;
  const head = tokenHead(host, TARGET, [[ID_HEADER, clusterName]]);
  const subject = { head, scope: { service: "sts", region }, signedHeaders: ["host", ID_HEADER] };
  return {
    kind: "eks",
    ...subject,
    call: (account) => ({
      service: "sts",
      operations: ["GetCallerIdentity"],
      protocol: "awsQuery",
      region,
      account,
      checks: [
        {
          action: "eks:AccessKubernetesApi",
          resource: {
            pattern: `arn:${partition}:eks:*:*:cluster/${clusterName}`,
            why: "a token names its cluster, but neither region nor account of it",
          },
          context: {},
          authoritative: [],
        },
      ],
    }),
    issue(signing) {
      const url = `https://${presignedUrl(subject, signing, URL_SECONDS)}`;
      return {
        token: `${PREFIX}${Buffer.from(url).toString("base64url")}`,
        expiration: expirationOf(signing, TOKEN_SECONDS),
      };
    },
  };
}

/** The request in a token for a cluster of this name. */
export function readEksToken(token: string, clusterName: string): SignedToken {
  const bytes = Buffer.from(token.slice(PREFIX.length), "base64url");
  const url = bytes.toString("latin1");
  // Node ignores what is not base64; a token has one spelling only, padded or not.
  const canonical =
    token.startsWith(PREFIX) && bytes.toString("base64url") === token.slice(PREFIX.length).replace(/=+$/, "");
  const read =
    canonical && url.startsWith("https://") ? headOfUrl(url.slice(8), [[ID_HEADER, clusterName]]) : undefined;
  const { parameters } = read ?? {};
  const isOurs =
    parameters?.size === 2 &&
    parameters.get("Action") === "GetCallerIdentity" &&
    parameters.get("Version") === "2011-06-15";
  if (read === undefined || !isOurs) throw notAToken("a token of `aws eks get-token`");
  return { signed: { head: read.head }, subject: eksToken({ clusterName, stsHost: read.authority }) };
}
