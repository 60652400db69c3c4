import type { Credentials, RequestHead, ResolvedCall } from "@iap/aws-core";
import type { SigningKeys } from "@iap/sigv4";

/** The tokens that clients make by themselves of their keys, without a request to AWS. */
export const tokenKinds = ["eks", "rds", "dsql", "codecommit"] as const;
export type TokenKind = (typeof tokenKinds)[number];

/** What a token of one kind is asked for. */
export interface TokenSubject {
  readonly kind: TokenKind;
  /** The request that the token is a signature of. Nobody sends it; what it opens is told by it. */
  readonly head: RequestHead;
  readonly scope: { readonly service: string; readonly region: string };
  /** The headers that the signature covers. */
  readonly signedHeaders: readonly string[];
  /** What the token lets its holder do, as IAM has it. `account` is that of the credentials, as far as it is known. */
  call(account: string | undefined): ResolvedCall;
  /** Makes the token with the real credentials. It holds for 15 minutes at most, and for as long as they do. */
  issue(signing: TokenSigning): IssuedToken;
}

/** What a client handed in that an agent key is to have signed: the presigned request in it, or a password. */
export interface SignedToken {
  readonly subject: TokenSubject;
  readonly signed: { readonly head: RequestHead } | { readonly username: string; readonly password: string };
}

export interface TokenSigning {
  readonly credentials: Credentials;
  readonly now: Date;
  readonly signingKeys?: SigningKeys | undefined;
}

/** A token, and until when who holds it gets in. CodeCommit's is a user name and a password. */
export type IssuedToken = { readonly expiration: Date } & (
  | { readonly token: string }
  | { readonly username: string; readonly password: string }
);

/** The longest that a token is made for, in seconds: what AWS takes of each kind. */
export const MAX_TOKEN_SECONDS = 900;

/** When a token made now for so long ends: not after the credentials it is made with. */
export function expirationOf({ credentials, now }: TokenSigning, seconds: number): Date {
  const end = now.getTime() + seconds * 1000;
  return new Date(Math.min(end, credentials.expiration?.getTime() ?? end));
}
