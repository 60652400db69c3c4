import { type CheckResource, parseArn } from "@iap/aws-core";
import type { ResourceHook } from "./hook.ts";
import { anyOf, resource, textsOf } from "./resource.ts";

/**
 * A function by name, `name:qualifier`, partial ARN (`123456789012:function:name`) or ARN (Lambda API reference, FunctionName), with the
 * version or alias that a member of its own gives.
 */
export const lambdaFunction: ResourceHook = (members, call) => {
  const [qualifier] = textsOf(members, "qualifier");
  const names = textsOf(members, "name");
  if (names.length === 0)
    return [resource(call, "lambda", "function:*", { why: "the request does not name the function" })];
  return names.map((name): CheckResource => {
    const { account, region, rest } = split(name);
    const [base = "", inName, ...more] = rest.split(":");
    if (base === "" || more.length > 0 || base.includes("/"))
      return anyOf(call, "lambda", "the name of the function is of no form that is known");
    if (inName !== undefined && qualifier !== undefined && inName !== qualifier)
      return anyOf(call, "lambda", "FunctionName and Qualifier name different versions");
    const version = inName ?? qualifier;
    const where = {
      ...call,
      ...(account === undefined ? {} : { account }),
      ...(region === undefined ? {} : { region }),
    };
    return resource(where, "lambda", `function:${base}${version === undefined ? "" : `:${version}`}`);
  });
};

function split(name: string): { readonly account?: string; readonly region?: string; readonly rest: string } {
  if (name.startsWith("arn:")) {
    const arn = parseArn(name);
    if (arn?.service !== "lambda" || !arn.resource.startsWith("function:")) return { rest: "" };
    return { account: arn.account, region: arn.region, rest: arn.resource.slice("function:".length) };
  }
  const [, account, rest] = /^(?:(\d{12}):)?function:(.+)$/s.exec(name) ?? [];
  if (rest !== undefined) return account === undefined ? { rest } : { account, rest };
  return { rest: name };
}
