import type { Settings } from "../options.ts";

export interface StartFacts {
  readonly version: string;
  readonly settings: Settings;
  readonly port: number;
  readonly caPath: string;
  readonly activityFile: string;
  readonly policyVersion: string | undefined;
  /** The principal of the real credentials, or why it is not known. */
  readonly identity: string;
  /** The bundle to name instead of `AWS_CA_BUNDLE`, when that is set here and so most likely in the agent's terminal too. */
  readonly caBundleToName: string | undefined;
}

/** What `start` prints once it listens: everything a newcomer needs for the next step. */
export function startScreen(facts: StartFacts): string {
  const { version, settings, port, caPath, activityFile, policyVersion, identity, caBundleToName } = facts;
  const files = [...settings.policies, ...settings.boundaries, ...settings.sessionPolicies, ...settings.policiesFor];
  const policy = policyVersion === undefined ? "" : ` (policy ${policyVersion}: ${files.join(", ")})`;
  const workers =
    settings.workers === 1
      ? ""
      : `\n  workers     ${settings.workers} processes serve requests, by the same policies, sessions and logs`;
  const denied = settings.denyActions.length === 0 ? "" : `\n  denied      ${settings.denyActions.join(", ")}`;
  return `iam-agent-proxy ${version} listens on http://localhost:${port} (${settings.hosts.join(", ")})

  mode        ${settings.mode}: ${modes[settings.mode]}${policy}${denied}${workers}
  agent       advisory: it holds fake keys only, but a process of your own user could read ~/.aws itself
  signs as    ${identity}
  CA          ${caPath}
  action log  ${settings.actionLog}
  activity    ${activityFile}

In the agent's terminal:

  export AWS_PROFILE=iam-agent-proxy
  export HTTPS_PROXY=http://localhost:${port}
${caBundleToName === undefined ? "" : `  export AWS_CA_BUNDLE=${caBundleToName}   # AWS_CA_BUNDLE is set here, and would win over the profile's\n`}
Or leave that to \`iam-agent-proxy run -- COMMAND\`, which starts a proxy for that command alone and sets everything its
clients need; with --isolate the proxy is its only way out. \`iam-agent-proxy doctor\` tells which clients work here.

Ctrl-C stops the proxy and removes the profile. \`iam-agent-proxy policy\` writes the policy for what was recorded.
`;
}

const modes: Readonly<Record<Settings["mode"], string>> = {
  record: "every request is let through and written down",
  shadow: "every request is let through; what the policy would deny is said",
  enforce: "only what the policy allows is let through",
};
