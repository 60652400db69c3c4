import { parseEndpoint } from "@iap/aws-core";
import { VerbError } from "@iap/cred-vendor";
import { resourceInAccount } from "../request/resource-in-account.ts";
import { headOfUrl, notAToken, presignedUrl, tokenHead } from "./presigned-token.ts";
import { expirationOf, MAX_TOKEN_SECONDS, type SignedToken, type TokenSubject } from "./token-subject.ts";

/** A password for a cluster of Aurora DSQL, as `aws dsql generate-db-connect-auth-token` and its `-admin-` sister make it. */
export interface DsqlToken {
  readonly hostname: string;
  /** Whether for the role `admin`. */
  readonly admin: boolean;
}

export function dsqlToken({ hostname, admin }: DsqlToken): TokenSubject {
  const place = placeOf(hostname.toLowerCase());
  if (place === undefined) {
    throw new VerbError(
      "badRequest",
      `${JSON.stringify(hostname)} is not the endpoint of a DSQL cluster, such as CLUSTER.dsql.us-east-1.on.aws.`,
    );
  }
  const { cluster, region, partition } = place;
  const action = admin ? "DbConnectAdmin" : "DbConnect";
  const head = tokenHead(hostname, `/?Action=${action}`);
  const subject = { head, scope: { service: "dsql", region }, signedHeaders: ["host"] };
  return {
    kind: "dsql",
    ...subject,
    call: (account) => ({
      service: "dsql",
      operations: [action],
      protocol: "awsQuery",
      region,
      account,
      checks: [
        {
          action: `dsql:${action}`,
          resource: resourceInAccount(account, (id) => `arn:${partition}:dsql:${region}:${id}:cluster/${cluster}`),
          context: { "aws:RequestedRegion": region },
          authoritative: ["aws:RequestedRegion"],
        },
      ],
    }),
    issue: (signing) => ({
      token: presignedUrl(subject, signing, MAX_TOKEN_SECONDS),
      expiration: expirationOf(signing, MAX_TOKEN_SECONDS),
    }),
  };
}

/** The request in a token that a client made. */
export function readDsqlToken(token: string): SignedToken {
  const read = headOfUrl(token);
  const action = read?.parameters.get("Action");
  if (read === undefined || read.parameters.size !== 1 || (action !== "DbConnect" && action !== "DbConnectAdmin")) {
    throw notAToken("a token of `aws dsql generate-db-connect-auth-token`");
  }
  return {
    signed: { head: read.head },
    subject: dsqlToken({ hostname: read.authority, admin: action === "DbConnectAdmin" }),
  };
}

/** `CLUSTER.dsql.REGION.on.aws`; by way of PrivateLink `CLUSTER.dsql-ID.REGION.on.aws`. */
function placeOf(
  hostname: string,
): { readonly cluster: string; readonly region: string; readonly partition: string } | undefined {
  const [, cluster, region] = /^([a-z0-9]{20,40})\.dsql(?:-[a-z0-9]+)?\.([a-z0-9-]+)\.on\.aws$/.exec(hostname) ?? [];
  if (cluster === undefined || region === undefined) return undefined;
  const endpoint = parseEndpoint(`${cluster}.dsql.${region}.on.aws`);
  return endpoint?.region === region ? { cluster, region, partition: endpoint.partition } : undefined;
}
