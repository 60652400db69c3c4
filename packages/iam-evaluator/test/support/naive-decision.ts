/**
 * How policies of all types decide together, as the IAM User Guide tells it, written down a second time, of policies that
 * allow, deny or are silent. It shares no code with the evaluator.
 */
export type Says = "allows" | "denies" | "is silent";

export type Who =
  | "user"
  | "role"
  | "session"
  | "root"
  | "federatedUser"
  | "serviceLinkedRole"
  | "service"
  | "anonymous";

export type Named =
  | "everyone"
  | "account"
  | "anotherAccount"
  | "user"
  | "role"
  | "session"
  | "federatedUser"
  | "service";

export interface NaiveSet {
  readonly identity: Says;
  readonly boundary: Says | undefined;
  readonly session: Says | undefined;
  readonly scp: readonly Says[];
  readonly rcp: readonly Says[];
  readonly vpcEndpoint: Says | undefined;
  /** What the resource's own policy says, and to whom; null where it has none, undefined where that is left to AWS. */
  readonly resource: readonly (readonly [Says, Named])[] | null | undefined;
}

export interface NaiveQuestion {
  readonly who: Who;
  readonly hasResource: boolean;
  readonly isOfAnotherAccount: boolean;
  /** The resource is a KMS key, or a role that is assumed: its own policy must allow. */
  readonly isGuarded: boolean;
}

/** How closely a Principal names who asks: as one of the account (1), as the role (2), as itself (3). */
const NAMED: Readonly<Record<Named, Partial<Record<Who, number>>>> = {
  everyone: { role: 3, session: 3, user: 3, root: 3, serviceLinkedRole: 3, service: 3, anonymous: 3, federatedUser: 2 },
  account: { user: 1, role: 1, session: 1, root: 1, federatedUser: 1, serviceLinkedRole: 1 },
  anotherAccount: {},
  user: { user: 3 },
  role: { role: 2, session: 2 },
  session: { session: 3 },
  federatedUser: { federatedUser: 3 },
  service: { service: 3 },
};

export function naiveDecision(
  { identity, boundary, session, scp, rcp, vpcEndpoint, resource }: NaiveSet,
  { who, hasResource, isOfAnotherAccount, isGuarded }: NaiveQuestion,
): "allowed" | "explicitDeny" | "implicitDeny" {
  const isOutsider = who === "service" || who === "anonymous";
  const isServiceLinked = who === "serviceLinkedRole";
  const scpsThatBind = isServiceLinked || isOutsider ? [] : scp;
  const rcpsThatBind = isServiceLinked || !hasResource ? [] : rcp;
  const naming = (name: Named): number => NAMED[name][who] ?? 0;
  const own = (resource ?? []).filter(([, name]) => naming(name) > 0);
  const all = [
    identity,
    boundary,
    session,
    vpcEndpoint,
    ...scpsThatBind,
    ...rcpsThatBind,
    ...own.map(([says]) => says),
  ];
  if (all.includes("denies")) return "explicitDeny";

  const allows = (says: Says | undefined): boolean => says === undefined || says === "allows";
  if (!scpsThatBind.every(allows) || !allows(vpcEndpoint)) return "implicitDeny";
  const closest = Math.max(0, ...own.filter(([says]) => says === "allows").map(([, name]) => naming(name)));
  const isJudged = resource !== undefined;
  const isAcross = isJudged && hasResource && isOfAnotherAccount && !isOutsider;
  const isMandatory = isAcross || (isJudged && isOutsider) || (resource != null && isGuarded);
  if (isMandatory && closest === 0) return "implicitDeny";
  if ((isJudged && isOutsider) || who === "root") return "allowed";
  const isEnough = (least: number): boolean => !isAcross && closest >= least;
  const hasSessionPermissions = session === undefined ? who !== "federatedUser" : allows(session);
  return (allows(identity) || isEnough(2)) &&
    (allows(boundary) || isEnough(3)) &&
    (hasSessionPermissions || isEnough(3))
    ? "allowed"
    : "implicitDeny";
}
