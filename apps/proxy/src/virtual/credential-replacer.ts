import { parseArn, type ResolvedCall } from "@iap/aws-core";
import { keepsPrincipal } from "@iap/policy-generator";
import type { Caller } from "../request/caller.ts";
import type { Identity } from "../upstream/identity.ts";
import { credentialOutput } from "./credential-output.ts";
import type { RoleSessions, SessionOrigin } from "./role-sessions.ts";
import type { VirtualResponseOptions } from "./virtual-response-plan.ts";

export interface CredentialReplacerOptions {
  readonly sessions: RoleSessions;
  /** Who gets the credentials that an unsigned request obtained. */
  readonly unsigned: Pick<SessionOrigin, "agent" | "session">;
}

/** How a call's answer is to be changed; undefined when it carries no credentials, or none that can be replaced. */
export type CredentialReplacer = (
  call: ResolvedCall,
  caller?: Pick<Caller, "key" | "identity" | "lineage">,
) => Omit<VirtualResponseOptions, "render"> | undefined;

/** Puts fake key pairs in place of real ones, and keeps the real ones as sessions behind them. */
export function credentialReplacer({ sessions, unsigned }: CredentialReplacerOptions): CredentialReplacer {
  return (call, caller) => {
    const output = credentialOutput(call);
    if (output === undefined) return undefined;
    const from = `${call.service}:${call.operations.join("|")}`;
    return {
      protocol: call.protocol,
      output,
      operation: from,
      replace(found) {
        const { agent, session } = caller?.key ?? unsigned;
        const role = roleOf(call);
        const identity = keepsPrincipal(from) ? caller?.identity : identityOf(call, role);
        const lineage = caller?.lineage;
        const key = sessions.open(found, { agent, session, parent: caller?.key, lineage, from, role, identity });
        const { accessKeyId, secretAccessKey, sessionToken = "" } = key.credentials;
        return { accessKeyId, secretAccessKey, sessionToken };
      },
    };
  };
}

/** The role that a call assumes. */
function roleOf({ checks }: ResolvedCall): string | undefined {
  const resource = checks.find(({ action }) => action.startsWith("sts:AssumeRole"))?.resource;
  return resource !== undefined && "arn" in resource ? resource.arn : undefined;
}

/** Whom AWS will take the credentials of a role for: the session's ARN has the role's name without its path. */
function identityOf({ checks }: ResolvedCall, role: string | undefined): Identity | undefined {
  const arn = role === undefined ? undefined : parseArn(role);
  const name = arn?.resource.split("/").at(-1);
  if (arn === undefined || !/^\d{12}$/.test(arn.account) || name === undefined) return undefined;
  const session = checks.map(({ context }) => context["sts:RoleSessionName"]).find((value) => value !== undefined);
  return {
    account: arn.account,
    principalArn:
      typeof session === "string"
        ? `arn:${arn.partition}:sts::${arn.account}:assumed-role/${name}/${session}`
        : undefined,
  };
}
