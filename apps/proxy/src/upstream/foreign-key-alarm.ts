import type { Credentials, KeyRing } from "@iap/aws-core";

export interface ForeignKeyAlarmOptions {
  readonly keys: KeyRing;
  /** The four characters after `ASIA` in the ids of this installation's agent keys. */
  readonly installId: string;
  /** The real credentials; rejects when there are none now. */
  readonly real: () => Promise<Pick<Credentials, "accessKeyId">>;
  readonly warn: (message: string) => void;
  readonly now: () => Date;
}

/** The same key is told of once in so long: an agent may try it for hours. */
const quietMs = 60_000;
/** Different keys that are remembered: ids are the agent's to make up. */
const maxRemembered = 100;

/**
 * A key ring that raises an alarm when a request is signed with a key it does not have: the request is refused anyway,
 * but an agent that signs with the real credentials has found them, and one with others' may carry data to them.
 */
export function withForeignKeyAlarm({ keys, installId, real, warn, now }: ForeignKeyAlarmOptions): KeyRing {
  const told = new Map<string, number>();
  const alarm = (accessKeyId: string): void => {
    const at = now().getTime();
    const last = told.get(accessKeyId);
    if (last !== undefined && at - last < quietMs) return;
    if (told.size >= maxRemembered) told.clear();
    told.set(accessKeyId, at);
    real().then(
      (credentials) => warn(credentials.accessKeyId === accessKeyId ? found(accessKeyId) : foreign(accessKeyId)),
      () => warn(foreign(accessKeyId)),
    );
  };
  return {
    lookup(accessKeyId, sessionToken) {
      const key = keys.lookup(accessKeyId, sessionToken);
      // One of ours whose token does not open is an old one, or damaged; and what is no id of AWS's form means nothing.
      if (
        key === undefined &&
        !accessKeyId.startsWith(`ASIA${installId}`) &&
        /^A[KS]IA[A-Z2-7]{16}$/.test(accessKeyId)
      ) {
        alarm(accessKeyId);
      }
      return key;
    },
  };
}

function found(accessKeyId: string): string {
  return `the agent signs with the REAL credentials (${accessKeyId}): it has found them, and can use them past this proxy. Refused here. Take them away from it (iam-agent-proxy run --isolate hides them), and consider them leaked.`;
}

function foreign(accessKeyId: string): string {
  return `the agent signs with a key that is not this proxy's (${accessKeyId}): refused. It must have AWS_PROFILE=iam-agent-proxy, and no AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY of its own; iam-agent-proxy run sees to that.`;
}
