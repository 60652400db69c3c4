import type { RealCredentials } from "./fake-aws/signature-oracle.ts";

/** What stands between the clients and AWS in a run of the suite. */
export interface Target {
  /** The environment a client runs in. */
  readonly env: NodeJS.ProcessEnv;
  readonly home: string;
  /** What the client's profile gives out: worthless behind the proxy. */
  agentCredentials(): Promise<RealCredentials>;
  /** Ends it; throws when it does not end cleanly. */
  stop(): Promise<unknown>;
}

/** Where the target's AWS is: a TLS server on loopback and the root its certificates come from. */
export interface UpstreamAws {
  readonly port: number;
  readonly ca: { readonly certificate: string };
}

/**
 * `proxy`: the product (the default). `direct`: a plain CONNECT tunnel and real keys, which proves that the clients, the
 * fake AWS and the assertions are right when the product is not there or is not to be blamed.
 */
export const targetKind: "proxy" | "direct" = process.env.IAP_E2E_TARGET === "direct" ? "direct" : "proxy";
