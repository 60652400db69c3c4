import { AwsError, type AwsErrorCause, Credentials, type CredentialsInit, type UpstreamRef } from "@iap/aws-core";
import type { Settings } from "../options.ts";
import type { Identity } from "../upstream/identity.ts";
import type { RoleSession } from "../virtual/role-sessions.ts";

/** What a worker is told at its start. */
export interface WorkerJob {
  readonly settings: Settings;
  readonly version: string;
  readonly agent: string;
  readonly run: string;
  readonly activityFile: string;
  /** Under which all workers make TLS session tickets. */
  readonly ticketKeys: Uint8Array;
  readonly policies: PolicyTexts;
}

/** The policies as the first process has read them, so that all go by the same. */
export type PolicyTexts = ReadonlyMap<string, string>;

/** From the first process to a worker; a `connection` comes with its socket. */
export type ToWorker =
  | { readonly type: "job"; readonly job: WorkerJob }
  | { readonly type: "connection" }
  | { readonly type: "policies"; readonly policies: PolicyTexts }
  | { readonly type: "answer"; readonly id: number; readonly value?: unknown; readonly error?: SentError }
  | { readonly type: "close"; readonly graceMs: number }
  | { readonly type: "hurry" };

/** From a worker to the first process. `policyVersion`: of the policies that it goes by. */
export type FromWorker =
  | { readonly type: "ready"; readonly policyVersion: string | undefined }
  | { readonly type: "reloaded"; readonly policyVersion: string | undefined }
  | { readonly type: "failed"; readonly message: string }
  | { readonly type: "session"; readonly ref: UpstreamRef; readonly session: SentSession }
  | { readonly type: "question"; readonly id: number; readonly question: Question };

/** What a worker does not have itself. */
export type Question =
  /** The credentials to sign an agent's requests with: `SentCredentials`. */
  | { readonly ask: "credentials"; readonly agent: string | undefined }
  /** The access key id of the credentials that lie about somewhere: a string. */
  | { readonly ask: "realKey" }
  /** A session that another worker has opened: `SentSession`, or undefined. */
  | { readonly ask: "session"; readonly ref: UpstreamRef };

export interface SentCredentials {
  readonly credentials: CredentialsInit;
  readonly identity: Identity;
}

export type SentSession = Omit<RoleSession, "credentials"> & { readonly credentials: CredentialsInit };

export interface SentError {
  readonly code: AwsErrorCause;
  readonly message: string;
}

/** Credentials as they cross to another process of the proxy. */
export function sentCredentials(credentials: Credentials): CredentialsInit {
  const { accessKeyId, secretAccessKey, sessionToken, expiration, accountId } = credentials;
  return { accessKeyId, secretAccessKey, sessionToken, expiration, accountId };
}

export function sentSession(session: RoleSession): SentSession {
  return { ...session, credentials: sentCredentials(session.credentials) };
}

export function receivedSession(session: SentSession): RoleSession {
  return { ...session, credentials: new Credentials(session.credentials) };
}

/** An error with what its code says; what is no `AwsError` is a fault of ours. */
export function sentError(error: unknown): SentError {
  if (error instanceof AwsError) return { code: error.code, message: error.message };
  return { code: "InternalFailure", message: (error as Error).message };
}
