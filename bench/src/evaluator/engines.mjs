/** The evaluators under measurement, each a function from a case to one that decides its n-th request. */
import { execFileSync } from "node:child_process";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { compilePolicySet } from "../../../packages/iam-evaluator/dist/index.js";
import { accountId } from "./cases.mjs";

/** Ours, with a full decision: outcome, reason, statements, missing keys. */
export function ours({ document, requests }) {
  const policy = compilePolicySet({ identity: [{ name: "policy.json", document: JSON.stringify(document) }] });
  const asked = requests.map(({ action, arn, context }) => ({ action, resource: { arn }, context }));
  return (n) => policy.evaluate(asked[n]).outcome === "allowed";
}

/** @param {typeof import("@cedar-policy/cedar-wasm/nodejs")} cedar */
export const cedarOf = (cedar) => {
  let sets = 0;
  return ({ cedar: policies, requests }) => {
    const preparsedPolicySetId = `set${sets++}`;
    const parsed = cedar.preparsePolicySet(preparsedPolicySetId, { staticPolicies: policies });
    if (parsed.type !== "success") throw new Error(JSON.stringify(parsed.errors));
    const calls = requests.map(({ action, arn, context }) => ({
      principal: { type: "User", id: "bob" },
      action: { type: "Action", id: action },
      resource: { type: "Resource", id: arn },
      context: {
        arn,
        username: context["aws:username"] ?? "",
        owner: arn.split(/[:/]+/)[4] ?? "",
        prefixOwner: (context["s3:prefix"] ?? "").split("/")[0],
        sourceIp: context["aws:SourceIp"] ?? "192.0.2.1",
        currentTime: context["aws:CurrentTime"] ?? "2026-01-01T00:00:00Z",
        maxKeys: Number(context["s3:max-keys"] ?? "0"),
        principalArn: context["aws:PrincipalArn"] ?? "",
      },
      preparsedPolicySetId,
      entities: [],
    }));
    return (n) => {
      const answer = cedar.statefulIsAuthorized(calls[n]);
      if (answer.type !== "success") throw new Error(JSON.stringify(answer));
      return answer.response.decision === "allow";
    };
  };
};

/**
 * Its licence keeps it out of every manifest, so it is installed when it is measured, into a folder that goes away. It
 * validates the policies in each call: that is its public interface.
 */
export async function installIamSimulate(dir, version) {
  const npm = process.platform === "win32" ? "npm.cmd" : "npm";
  const options = ["--no-save", "--no-audit", "--no-fund", "--no-package-lock", "--ignore-scripts", "--prefix", dir];
  execFileSync(npm, ["install", ...options, `@cloud-copilot/iam-simulate@${version}`], {
    stdio: ["ignore", "ignore", "inherit"],
    timeout: 180_000,
  });
  const { runSimulation } = await import(
    pathToFileURL(createRequire(join(dir, "x.js")).resolve("@cloud-copilot/iam-simulate")).href
  );
  return ({ document, requests }) => {
    const simulations = requests.map(({ action, arn, context }) => ({
      request: {
        principal: `arn:aws:iam::${accountId}:user/bob`,
        action,
        resource: { resource: arn, accountId },
        contextVariables: context,
      },
      identityPolicies: [{ name: "policy.json", policy: document }],
      serviceControlPolicies: [],
      resourceControlPolicies: [],
    }));
    return async (n) => {
      const answer = await runSimulation(simulations[n], {});
      if (answer.resultType === "error") throw new Error(JSON.stringify(answer.errors));
      return answer.overallResult === "Allowed";
    };
  };
}
