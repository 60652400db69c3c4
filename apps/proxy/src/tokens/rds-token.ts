import { parseEndpoint } from "@iap/aws-core";
import { VerbError } from "@iap/cred-vendor";
import { uriEncode } from "@iap/sigv4";
import { headOfUrl, notAToken, presignedUrl, tokenHead } from "./presigned-token.ts";
import { expirationOf, MAX_TOKEN_SECONDS, type SignedToken, type TokenSubject } from "./token-subject.ts";

/** A password for a user of an RDS or Aurora database or proxy, as `aws rds generate-db-auth-token` makes it. */
export interface RdsToken {
  readonly hostname: string;
  readonly port: string;
  readonly username: string;
}

/** Which database the host is of, its name does not tell: IAM knows it by a resource id (RDS User Guide, "IAM policy for IAM database access"). */
export function rdsToken({ hostname, port, username }: RdsToken): TokenSubject {
  const place = placeOf(hostname.toLowerCase());
  if (place === undefined) {
    throw new VerbError(
      "badRequest",
      `${JSON.stringify(hostname)} is not the endpoint of an RDS database, such as db.c0ffee.us-east-1.rds.amazonaws.com.`,
    );
  }
  if (!/^[1-9]\d{0,4}$/.test(port) || Number(port) > 65_535) {
    throw new VerbError("badRequest", `An RDS token needs the database's port, not ${JSON.stringify(port)}.`);
  }
  if (username === "" || username.length > 128 || /\p{Cc}/u.test(username)) {
    throw new VerbError("badRequest", "An RDS token needs the name of a database user.");
  }
  const { region, partition } = place;
  const user = uriEncode(Buffer.from(username, "utf8").toString("latin1"), false);
  const head = tokenHead(`${hostname}:${port}`, `/?Action=connect&DBUser=${user}`);
  const subject = { head, scope: { service: "rds-db", region }, signedHeaders: ["host"] };
  return {
    kind: "rds",
    ...subject,
    call: (account) => ({
      service: "rds-db",
      operations: ["connect"],
      protocol: "awsQuery",
      region,
      account,
      checks: [
        {
          action: "rds-db:connect",
          resource: {
            pattern: `arn:${partition}:rds-db:${region}:${account ?? "*"}:dbuser:*/${username}`,
            why: "a host name does not tell the resource id of its database",
          },
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
export function readRdsToken(token: string): SignedToken {
  const read = headOfUrl(token);
  const username = read?.parameters.get("DBUser");
  const [hostname = "", port = ""] = read?.authority.split(":") ?? [];
  if (read?.parameters.get("Action") !== "connect" || username === undefined || read.parameters.size !== 2) {
    throw notAToken("a token of `aws rds generate-db-auth-token`");
  }
  const { head } = read;
  return {
    signed: { head },
    subject: rdsToken({ hostname, port, username: Buffer.from(username, "latin1").toString("utf8") }),
  };
}

/** `db.id.REGION.rds.SUFFIX`, in China `db.id.rds.REGION.SUFFIX`. */
function placeOf(hostname: string): { readonly region: string; readonly partition: string } | undefined {
  for (const form of endpointForms) {
    const { region = "", suffix } = form.exec(hostname)?.groups ?? {};
    const endpoint = parseEndpoint(`rds.${region}.${suffix}`);
    if (endpoint?.kind === "service" && endpoint.region === region) return { region, partition: endpoint.partition };
  }
  return undefined;
}

const endpointForms: readonly RegExp[] = [
  /^(?:[a-z0-9-]{1,63}\.){1,3}?(?<region>[a-z0-9-]+)\.rds\.(?<suffix>[a-z0-9.-]+)$/,
  /^(?:[a-z0-9-]{1,63}\.){1,3}?rds\.(?<region>[a-z0-9-]+)\.(?<suffix>[a-z0-9.-]+)$/,
];
