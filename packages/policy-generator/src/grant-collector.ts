import type { Check } from "@iap/aws-core";
import { isOneAction, NOT_AN_ACTION } from "./action-name.ts";
import { type PolicyResource, policyResource } from "./policy-resource.ts";

/** One action on one resource that the policy must allow, and how the policy writes that resource. */
export interface Grant {
  readonly check: Check;
  readonly resource: PolicyResource;
}

/** The distinct (action, resource) pairs of many requests, in a number that depends on what was used, not how often. */
export class GrantCollector {
  readonly #grants = new Map<string, Grant>();
  readonly #resources = new Map<string, PolicyResource | undefined>();

  /** Takes all checks of a request or none: returns why it took none. */
  add(checks: readonly Check[]): string | undefined {
    const grants: [string, Grant][] = [];
    for (const check of checks) {
      if (!isOneAction(check.action)) return NOT_AN_ACTION;
      const key = resourceKey(check);
      if (!this.#resources.has(key)) this.#resources.set(key, policyResource(check.resource));
      const resource = this.#resources.get(key);
      if (resource === undefined) return NOT_A_RESOURCE;
      grants.push([`${check.action}\n${key}`, { check, resource }]);
    }
    for (const [key, grant] of grants) {
      const known = this.#grants.get(key);
      // The reason for a pattern may differ between requests; the order of requests must not show.
      if (known === undefined || whyOf(grant.check) < whyOf(known.check)) this.#grants.set(key, grant);
    }
    return undefined;
  }

  list(): readonly Grant[] {
    return [...this.#grants].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, grant]) => grant);
  }
}

const NOT_A_RESOURCE = "it has a resource that no policy can name, being neither an ARN nor a pattern of one";

function resourceKey({ resource }: Check): string {
  if ("none" in resource) return "none";
  return "pattern" in resource ? `pattern ${resource.pattern}` : `arn ${resource.arn}`;
}

function whyOf({ resource }: Check): string {
  return "why" in resource ? resource.why : "";
}
