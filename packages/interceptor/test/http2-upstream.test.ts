import type { TLSSocket } from "node:tls";
import { expect, test } from "vitest";
import { Http2Upstream } from "../src/http2-upstream.ts";
import { defaultLimits } from "../src/limits.ts";

test("hosts that choose HTTP/1.1 are remembered, but not any number of them", async () => {
  const asked: string[] = [];
  const upstream = new Http2Upstream({
    connect: async (host) => {
      asked.push(host);
      // `as`: all that is looked at of a connection on which HTTP/1.1 was chosen.
      return { alpnProtocol: "http/1.1", destroy: () => {} } as unknown as TLSSocket;
    },
    http1: () => {
      throw new Error("no request is opened");
    },
    limits: defaultLimits,
  });
  for (let i = 0; i <= 1_000; i++) await upstream.open(`b${i}.s3.amazonaws.com`);
  expect(asked).toHaveLength(1_001);
  await upstream.open("b1000.s3.amazonaws.com");
  expect(asked).toHaveLength(1_001);
  await upstream.open("b0.s3.amazonaws.com");
  expect(asked.at(-1)).toBe("b0.s3.amazonaws.com");
});
