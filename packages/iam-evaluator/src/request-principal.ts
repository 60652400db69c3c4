import { parseArn } from "@iap/aws-core";

/** Who asks. */
export interface Principal {
  /**
   * The ARN of a user, role, role session, federated session or root user; of a service its name
   * (`lambda.amazonaws.com`), of an identity provider its ARN or name; `*` for a caller without credentials.
   */
  readonly arn: string;
  /** Twelve digits. By default those of the ARN. */
  readonly account?: string | undefined;
}

export type PrincipalKind =
  | "user"
  | "role"
  | "assumedRole"
  | "federatedUser"
  | "root"
  | "service"
  | "identityProvider"
  | "anonymous"
  /** Nobody said who asks, or it is nothing known here. */
  | "unknown";

/** Who asks, taken apart. */
export interface RequestPrincipal {
  readonly kind: PrincipalKind;
  readonly arn: string;
  readonly account: string | undefined;
  readonly partition: string | undefined;
  /** Of a role and of its sessions: the name without its path, unique in its account. */
  readonly roleName: string | undefined;
  /** SCPs and RCPs do not bind service-linked roles (Organizations User Guide, "Service control policies"). */
  readonly isServiceLinkedRole: boolean;
}

const UNKNOWN_PRINCIPAL: RequestPrincipal = {
  kind: "unknown",
  arn: "",
  account: undefined,
  partition: undefined,
  roleName: undefined,
  isServiceLinkedRole: false,
};

export function readPrincipalOf(principal: Principal | undefined): RequestPrincipal {
  if (principal === undefined || principal === null || typeof principal.arn !== "string") return UNKNOWN_PRINCIPAL;
  const { arn } = principal;
  const named = { ...UNKNOWN_PRINCIPAL, arn, account: principal.account };
  if (arn === "*" || arn === "" || arn === "anonymous") return { ...named, kind: "anonymous", account: undefined };
  if (ACCOUNT.test(arn)) return { ...named, kind: "root", account: arn };
  const parsed = parseArn(arn);
  if (parsed === undefined) {
    if (SERVICE.test(arn)) return { ...named, kind: "service", account: undefined };
    return { ...named, kind: PROVIDER.test(arn) ? "identityProvider" : "unknown" };
  }
  const { partition, service, resource } = parsed;
  const account = principal.account ?? (ACCOUNT.test(parsed.account) ? parsed.account : undefined);
  const slash = resource.indexOf("/");
  const type = slash < 0 ? resource : resource.slice(0, slash);
  const rest = slash < 0 ? "" : resource.slice(slash + 1);
  const known = { ...named, account, partition };
  switch (`${service}:${type}`) {
    case "iam:root":
      return { ...known, kind: "root" };
    case "iam:user":
      return { ...known, kind: "user" };
    case "iam:role":
      return {
        ...known,
        kind: "role",
        roleName: lastSegment(rest),
        isServiceLinkedRole: rest.startsWith("aws-service-role/"),
      };
    case "sts:assumed-role":
      return { ...known, kind: "assumedRole", roleName: rest.split("/")[0] };
    case "sts:federated-user":
      return { ...known, kind: "federatedUser" };
    case "iam:saml-provider":
    case "iam:oidc-provider":
      return { ...known, kind: "identityProvider" };
    default:
      return known;
  }
}

export function lastSegment(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

const ACCOUNT = /^[0-9]{12}$/;
const SERVICE = /^(?!cognito-identity\.)[a-z0-9.-]+\.amazonaws\.com(?:\.cn)?$/;
const PROVIDER = /^[A-Za-z0-9.-]+\.[a-z]+(?:\/\S*)?$/;
