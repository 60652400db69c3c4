import { isAwsHost, isEksCluster } from "@iap/aws-core";
import type { Authority } from "./authority.ts";

/** What happens to a CONNECT: requests inside are ours to judge, bytes are passed blindly, or nothing is. */
export type Route =
  | { readonly action: "intercept" }
  | { readonly action: "tunnel" }
  | { readonly action: "refuse"; readonly reason: string };

export interface RouteOptions {
  /** What becomes of hosts that are not AWS. */
  readonly tunnel: "allow" | "deny";
  /** Hosts that are reached all the same when `tunnel` is `deny`. */
  readonly tunnelHosts?: ((host: string) => boolean) | undefined;
}

/** The route of a CONNECT target: AWS hosts are intercepted on port 443 and nowhere else reached; IP literals are refused. */
export function routeTarget({ host, port, ipVersion }: Authority, { tunnel, tunnelHosts }: RouteOptions): Route {
  if (ipVersion !== 0) {
    return refuse(`${host} is an IP address; connect to AWS and other hosts by name`);
  }
  // A name that ends in a dot is the same host to a resolver, and another one to a certificate and to us.
  const name = host.replace(/\.$/, "");
  // A cluster's API is no AWS API: its certificate is of an authority of its own, which nobody can stand in for.
  if (isAwsHost(name) && !isEksCluster(name)) {
    if (name !== host) return refuse(`${host} ends in a dot; leave it out`);
    return port === 443 ? { action: "intercept" } : refuse(`AWS is reached on port 443 only, not ${port}`);
  }
  if (name === "localhost" || name.endsWith(".localhost")) return refuse(`${host} is this machine`);
  return tunnel === "allow" || tunnelHosts?.(name)
    ? { action: "tunnel" }
    : refuse(
        `${host} is not an AWS host, and tunnels to other hosts are turned off (--tunnel deny; --tunnel-host ${name} opens this one)`,
      );
}

function refuse(reason: string): Route {
  return { action: "refuse", reason };
}
