import { sessionCredentials } from "../test-credentials.ts";
import { queryAnswer, xmlElements } from "./answers.ts";
import { type Service, ServiceError } from "./service.ts";
import type { RealCredentials } from "./signature-oracle.ts";

const namespace = "https://sts.amazonaws.com/doc/2011-06-15/";

/** A session of a role that was assumed. */
export interface AssumedSession {
  /** What AssumeRole was given, as it came. */
  readonly parameters: Readonly<Record<string, string>>;
  /** The access key that asked. */
  readonly by: string;
  readonly credentials: RealCredentials;
}

/** The roles of the fake AWS: every role may be assumed, unless `refuse` says why not. */
export class FakeRoles {
  readonly assumed: AssumedSession[] = [];
  /** How long sessions live. */
  seconds = 3600;
  refuse: (parameters: AssumedSession["parameters"]) => ServiceError | undefined = () => undefined;

  /** STS: GetCallerIdentity, and what gives sessions. */
  readonly service: Service = (request) => {
    const input = new URLSearchParams(request.body.toString("utf8"));
    const operation = input.get("Action") ?? request.query.get("Action") ?? "";
    const by = /Credential=([^/]+)\//.exec(request.headers.authorization ?? "")?.[1] ?? "";
    return queryAnswer(operation, namespace, () => {
      if (givesSessions.has(operation)) return this.#assume(Object.fromEntries(input), by);
      if (operation !== "GetCallerIdentity") throw new ServiceError(400, "InvalidAction", `No operation ${operation}`);
      const session = this.assumed.find(({ credentials }) => credentials.accessKeyId === by);
      return xmlElements({
        Arn: session ? arnOf(session) : `arn:aws:sts::${request.account}:assumed-role/e2e/session`,
        UserId: "AROAE2EE2EE2EE2EE2EE2:session",
        Account: request.account,
      });
    });
  };

  #assume(parameters: AssumedSession["parameters"], by: string): string {
    const refusal = this.refuse(parameters);
    if (refusal !== undefined) throw refusal;
    const session = { parameters, by, credentials: sessionCredentials() };
    this.assumed.push(session);
    const { accessKeyId, secretAccessKey, sessionToken } = session.credentials;
    const Expiration = new Date(Date.now() + this.seconds * 1000).toISOString();
    const user = xmlElements({
      AssumedRoleId: `AROAE2EE2EE2EE2EE2EE2:${parameters.RoleSessionName}`,
      Arn: arnOf(session),
    });
    const keys = { AccessKeyId: accessKeyId, SecretAccessKey: secretAccessKey, SessionToken: sessionToken, Expiration };
    return `<AssumedRoleUser>${user}</AssumedRoleUser><Credentials>${xmlElements(keys)}</Credentials>`;
  }
}

const givesSessions: ReadonlySet<string> = new Set([
  ...["AssumeRole", "AssumeRoleWithWebIdentity", "AssumeRoleWithSAML", "GetSessionToken", "GetFederationToken"],
]);

/** What STS takes from anybody: it comes with a proof of its own, and must have no signature. */
export function isUnsignedSts(body: Buffer): boolean {
  const operation = new URLSearchParams(body.toString("utf8")).get("Action");
  return operation === "AssumeRoleWithWebIdentity" || operation === "AssumeRoleWithSAML";
}

/** The session's ARN, which has the role's name without its path. */
function arnOf({ parameters }: Pick<AssumedSession, "parameters">): string {
  const [, , , , account, role = ""] = (parameters.RoleArn ?? "").split(":");
  return `arn:aws:sts::${account}:assumed-role/${role.split("/").at(-1)}/${parameters.RoleSessionName}`;
}
