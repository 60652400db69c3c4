import { type VendingRequest, VerbError } from "@iap/cred-vendor";
import { codecommitToken } from "./codecommit-token.ts";
import { dsqlToken, readDsqlToken } from "./dsql-token.ts";
import { eksStsHost, eksToken, readEksToken } from "./eks-token.ts";
import { rdsToken, readRdsToken } from "./rds-token.ts";
import { type SignedToken, type TokenKind, type TokenSubject, tokenKinds } from "./token-subject.ts";

/** What a client asks for: a token by name, or one that it made of an agent key, to be made anew of the real one. */
export interface TokenRequest {
  readonly subject: TokenSubject;
  readonly signed?: SignedToken["signed"] | undefined;
}

/**
 * Reads the members of a `token` request to the vending socket: `kind`; of eks `clusterName` and `region`; of rds
 * `hostname`, `port` and `username`; of dsql `hostname` and `admin`; of codecommit `host` and `path`. In place of the
 * names `token`, or for codecommit besides them `username` and `password`, hand in what an agent key has signed. Throws
 * `VerbError` `badRequest`. `region` is the proxy's own, for clusters.
 */
export function readTokenRequest(request: VendingRequest, region: string | undefined): TokenRequest {
  const { version: _, verb: __, kind, ...rest } = request;
  if (!tokenKinds.includes(kind as TokenKind)) {
    throw new VerbError("badRequest", `A token is of kind ${tokenKinds.join(", ")}.`);
  }
  const members = new Members(kind as TokenKind, rest);
  const read = readers[kind as TokenKind](members, region);
  members.end();
  return read;
}

const readers: Readonly<Record<TokenKind, (members: Members, region: string | undefined) => TokenRequest>> = {
  eks(members, region) {
    const clusterName = members.text("clusterName");
    const token = members.optionalText("token");
    if (token !== undefined) return readEksToken(token, clusterName);
    return { subject: eksToken({ clusterName, stsHost: eksStsHost(members.optionalText("region") ?? region) }) };
  },
  rds(members) {
    const token = members.optionalText("token");
    if (token !== undefined) return readRdsToken(token);
    const [hostname, port, username] = [members.text("hostname"), members.text("port"), members.text("username")];
    return { subject: rdsToken({ hostname, port, username }) };
  },
  dsql(members) {
    const token = members.optionalText("token");
    if (token !== undefined) return readDsqlToken(token);
    return { subject: dsqlToken({ hostname: members.text("hostname"), admin: members.flag("admin") }) };
  },
  codecommit(members) {
    const subject = codecommitToken({ host: members.text("host"), path: members.text("path") });
    const password = members.optionalText("password");
    if (password === undefined) return { subject };
    return { subject, signed: { username: members.text("username"), password } };
  },
};

/** The members of a request, each asked for by its name; none may be left in the end. */
class Members {
  readonly #kind: TokenKind;
  readonly #left: Map<string, unknown>;

  constructor(kind: TokenKind, members: Readonly<Record<string, unknown>>) {
    this.#kind = kind;
    this.#left = new Map(Object.entries(members));
  }

  optionalText(name: string): string | undefined {
    const value = this.#left.get(name);
    this.#left.delete(name);
    if (value === undefined) return undefined;
    if (typeof value !== "string" || value === "") throw new VerbError("badRequest", `${name} is no text.`);
    return value;
  }

  text(name: string): string {
    const value = this.optionalText(name);
    if (value === undefined) throw new VerbError("badRequest", `A token for ${this.#kind} needs ${name}.`);
    return value;
  }

  flag(name: string): boolean {
    const value = this.#left.get(name) ?? false;
    this.#left.delete(name);
    if (typeof value !== "boolean") throw new VerbError("badRequest", `${name} is neither true nor false.`);
    return value;
  }

  end(): void {
    const [name] = this.#left.keys();
    if (name !== undefined) throw new VerbError("badRequest", `A token for ${this.#kind} takes no ${name}.`);
  }
}
