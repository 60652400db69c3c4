import { awsSuffixes } from "@iap/aws-core";
import fc from "fast-check";
import { expect, test } from "vitest";
import { noProxy } from "../../src/run/no-proxy.ts";

test.each([
  ["*"],
  ["amazonaws.com"],
  [".amazonaws.com"],
  ["*.amazonaws.com"],
  ["AMAZONAWS.COM"],
  ["s3.us-east-1.amazonaws.com:443"],
  ["aws.com"],
  ["com"],
  ["api.aws"],
  [".aws"],
  ["x.on.aws"],
  ["sts.cn-north-1.amazonaws.com.cn"],
  ["s3*"],
  ["169.254.169.254"],
  ["169.254.0.0/16"],
  ["fd00:ec2::254"],
  ["0.0.0.0/0"],
])("an inherited %s would lead past the proxy, and is dropped", (entry) => {
  expect(noProxy(`intern.example,${entry}`)).toEqual({
    value: "localhost,127.0.0.1,::1,intern.example",
    dropped: [entry],
  });
});

test.each([["intern.example"], [".corp.example"], ["10.0.0.0/8"], ["git.example:8443"], ["192.168.1.7"]])(
  "%s is kept",
  (entry) => {
    expect(noProxy(entry)).toEqual({ value: `localhost,127.0.0.1,::1,${entry}`, dropped: [] });
  },
);

test("without one, this machine alone is exempt", () => {
  expect(noProxy(undefined)).toEqual({ value: "localhost,127.0.0.1,::1", dropped: [] });
});

test("whatever is kept is at the end of no AWS host's name", () => {
  const label = fc.stringMatching(/^[a-z0-9-]{1,12}$/);
  const suffix = fc.constantFrom(...awsSuffixes);
  const entry = fc.oneof(
    fc.tuple(label, suffix).map((parts) => parts.join(".")),
    suffix.chain((text) => fc.nat(text.length - 1).map((at) => text.slice(at))),
  );
  fc.assert(
    fc.property(entry, (text) => {
      expect(noProxy(text).dropped).toEqual([text]);
    }),
  );
});
