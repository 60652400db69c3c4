import { policyCharacters } from "@iap/iam-evaluator";

/** What a policy is for: its size depends on it. */
export type PolicyTarget = "managed" | "role" | "user" | "group" | "session" | "scp";

/** The room AWS gives a policy (IAM User Guide, "IAM and AWS STS quotas"; Organizations User Guide, "Quotas"). */
export interface Room {
  /** The most characters of one policy. */
  readonly characters: number;
  /** Whether blanks and line breaks count. */
  readonly countsWhitespace: boolean;
  /** How many policies may stand together. 1 where AWS adds all of them up. */
  readonly policies: number;
  /** `a managed policy`, for messages. */
  readonly name: string;
}

/**
 * Inline policies of one user, group or role share the room, and so do session policies; of managed policies ten can be
 * attached, and of SCPs (since May 2026, when their room was doubled too). A session policy is a parameter of AssumeRole,
 * whose length is that of its text.
 */
export const ROOM: Readonly<Record<PolicyTarget, Room>> = {
  managed: { characters: 6144, countsWhitespace: false, policies: 10, name: "a managed policy" },
  role: { characters: 10_240, countsWhitespace: false, policies: 1, name: "the inline policies of a role" },
  user: { characters: 2048, countsWhitespace: false, policies: 1, name: "the inline policies of a user" },
  group: { characters: 5120, countsWhitespace: false, policies: 1, name: "the inline policies of a group" },
  session: { characters: 2048, countsWhitespace: true, policies: 1, name: "a session policy" },
  scp: { characters: 10_240, countsWhitespace: true, policies: 10, name: "a service control policy" },
};

/** The size of a policy's text as AWS counts it for a target. */
export function charactersFor(text: string, target: PolicyTarget): number {
  return ROOM[target].countsWhitespace ? text.length : policyCharacters(text);
}
