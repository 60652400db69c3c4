import { readdirSync, readFileSync } from "node:fs";
import { createResolver, parseEndpoint, shardData } from "./workspace.mjs";

/**
 * Requests that list or describe something, one for each service that has one which needs no parameters: what the
 * resolver knows to be exactly one operation.
 * @param {object} [options]
 * @param {number} [options.count] At most so many services.
 * @param {string} [options.region]
 * @returns {Promise<readonly ServiceRequest[]>} The same each time.
 *
 * @typedef {object} ServiceRequest
 * @property {string} service As a credential scope names it.
 * @property {string} region
 * @property {string} host
 * @property {string} method
 * @property {string} target
 * @property {readonly (readonly [string, string])[]} headers Without Host.
 * @property {string} body
 */
export async function serviceRequests({ count = Number.POSITIVE_INFINITY, region = "us-east-1" } = {}) {
  const resolver = createResolver({ load: async (name) => readShard(name) });
  const found = [];
  const names = readdirSync(shardData).filter((name) => name.endsWith(".json"));
  for (const file of names.sort()) {
    if (found.length === count) break;
    const shard = readShard(file.slice(0, -".json".length));
    const service = shard.endpointPrefix;
    const host = `${service}.${region}.amazonaws.com`;
    const endpoint = parseEndpoint(host);
    if (endpoint?.kind !== "service" || found.some((one) => one.service === service)) continue;
    await resolver.load(service);
    for (const request of candidates(shard)) {
      const one = { service, region, host, ...request };
      if (!isUnderstood(resolver, one, endpoint)) continue;
      found.push(one);
      break;
    }
  }
  return found;
}

function isUnderstood(resolver, { service, region, host, method, target, headers, body }, endpoint) {
  const head = { httpVersion: "1.1", method, target, host, headers: [["Host", host], ...headers] };
  const scope = { service, region, date: "20260101", terminator: "aws4_request" };
  try {
    const call = resolver.resolve({ request: { ...head, body: Buffer.from(body) }, scope, endpoint });
    return call.marker === undefined && call.operations.length === 1 && call.checks.length > 0;
  } catch {
    // Signed under another name than that of its host: not one of those looked for.
    return false;
  }
}

function readShard(name) {
  return JSON.parse(readFileSync(new URL(`${name}.json`, shardData), "utf8"));
}

function* candidates({ protocols = [], target, operations = {}, versions = [] }) {
  for (const [name, operation] of Object.entries(operations)) {
    if (!/^(List|Describe|Get)[A-Z]/.test(name)) continue;
    if (target !== undefined && protocols.some((protocol) => protocol.startsWith("awsJson"))) {
      const headers = [
        ["Content-Type", "application/x-amz-json-1.1"],
        ["X-Amz-Target", `${target}.${name}`],
      ];
      yield { method: "POST", target: "/", headers, body: "{}" };
    } else if (protocols.some((protocol) => protocol === "awsQuery" || protocol === "ec2Query")) {
      const headers = [["Content-Type", "application/x-www-form-urlencoded; charset=utf-8"]];
      yield { method: "POST", target: "/", headers, body: `Action=${name}&Version=${versions[0]}` };
    } else {
      const path = (operation.w ?? []).find((each) => /^GET \/[A-Za-z0-9/-]*$/.test(each))?.slice(4);
      if (path !== undefined && operation.q === undefined && operation.h === undefined) {
        yield { method: "GET", target: path, headers: [], body: "" };
      }
    }
  }
}
