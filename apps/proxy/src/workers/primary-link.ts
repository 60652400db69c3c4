import { AwsError, type UpstreamRef } from "@iap/aws-core";
import type { RoleSession, SharedSessions } from "../virtual/role-sessions.ts";
import {
  type FromWorker,
  type Question,
  receivedSession,
  type SentCredentials,
  type SentSession,
  sentSession,
  type ToWorker,
} from "./worker-messages.ts";

/** A worker's way to the first process, which has the real credentials and every session. */
export class PrimaryLink implements SharedSessions {
  readonly #send: (message: FromWorker) => void;
  readonly #questions = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  #lastId = 0;

  constructor(send: (message: FromWorker) => void) {
    this.#send = send;
  }

  tell(message: FromWorker): void {
    this.#send(message);
  }

  /** Takes the answer to a question of ours. */
  onAnswer({ id, value, error }: Extract<ToWorker, { readonly type: "answer" }>): void {
    const question = this.#questions.get(id);
    this.#questions.delete(id);
    if (error === undefined) question?.resolve(value);
    else question?.reject(new AwsError(error.code, error.message));
  }

  /** Rejects with the `AwsError` that the first process had. */
  async credentials(agent: string | undefined): Promise<SentCredentials> {
    return (await this.#ask({ ask: "credentials", agent })) as SentCredentials;
  }

  async realKey(): Promise<string> {
    return (await this.#ask({ ask: "realKey" })) as string;
  }

  opened(ref: UpstreamRef, session: RoleSession): void {
    this.#send({ type: "session", ref, session: sentSession(session) });
  }

  async find(ref: UpstreamRef): Promise<RoleSession | undefined> {
    const found = (await this.#ask({ ask: "session", ref })) as SentSession | undefined;
    return found === undefined ? undefined : receivedSession(found);
  }

  #ask(question: Question): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const id = ++this.#lastId;
      this.#questions.set(id, { resolve, reject });
      this.#send({ type: "question", id, question });
    });
  }
}
