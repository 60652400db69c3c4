import assert from "node:assert/strict";
import { isIP } from "node:net";
import { formatAuthority, parseAuthority } from "../../src/authority.ts";
import { requestFault } from "../../src/request-fault.ts";
import { routeTarget } from "../../src/route.ts";

export const seeds: readonly Uint8Array[] = [
  ...["s3.us-east-1.amazonaws.com:443", "[::1]:443", "127.0.0.1:80", "a:1", "xn--bcher-kva.example:65535"],
  ...["0x7f.1:443", "[fe80::1%25eth0]:1", "user@host:443", "s3.amazonaws.com.:443"],
].map((text) => Buffer.from(text, "latin1"));

/** An authority is one host and one port, or none; as written again it is read the same, and AWS is intercepted or refused. */
export function run(bytes: Uint8Array): void {
  const text = Buffer.from(bytes).toString("latin1");
  const authority = parseAuthority(text);
  const head = {
    httpVersion: "1.1",
    method: "GET",
    target: "/",
    host: "s3.amazonaws.com",
    headers: [["Host", text]],
  } as const;
  const fault = requestFault(head, "1.1");
  if (fault === undefined) assert.match(text, /^s3\.amazonaws\.com(?::0*443)?$/i);
  if (authority === undefined) return;
  assert.match(authority.host, /^[0-9a-z_.:-]+$/);
  assert.deepEqual(parseAuthority(formatAuthority(authority), 443), authority);
  // Another reader, which knows every spelling of an IPv4 address, takes it for the same, or for a misspelled one.
  if (!URL.canParse(`ws://${text}`)) assert.ok(authority.ipVersion === 4 || authority.host.includes("xn--"));
  else {
    const { hostname, port } = new URL(`ws://${text}`);
    assert.equal(Number(port || 80), authority.port);
    assert.equal(authority.ipVersion === 4, isIP(hostname) === 4);
    if (authority.ipVersion === 0) assert.equal(hostname, authority.host);
    if (authority.ipVersion === 6) assert.equal(hostname, new URL(`ws://[${authority.host}]`).hostname);
  }
  const { action } = routeTarget(authority, { tunnel: "allow" });
  if (authority.ipVersion !== 0) assert.equal(action, "refuse");
  if (/(?:^|\.)amazonaws\.com$/.test(authority.host)) assert.notEqual(action, "tunnel");
}
