import { type AgentKey, Credentials, type KeyRing } from "@iap/aws-core";
import { describe, expect, test } from "vitest";
import { type AuthenticateOptions, authenticate, parseAuthorization } from "../src/index.ts";
import { agentKey, agentRequest, now, ringOf, withHeaders } from "./agent.ts";
import { caught } from "./caught.ts";
import { presigned } from "./presign.ts";

const options: AuthenticateOptions = { keys: ringOf(agentKey), now };
const authorization = parseAuthorization(agentRequest());
const MINUTE = 60_000;

function later(ms: number): Date {
  return new Date(now.getTime() + ms);
}

test("a live key with its token is found", () => {
  expect(authenticate(authorization, options)).toBe(agentKey);
});

test("the ring is asked for the key with the token that came", () => {
  const asked: unknown[] = [];
  const keys: KeyRing = {
    lookup: (...args) => {
      asked.push(args);
      return agentKey;
    },
  };
  authenticate(authorization, { keys, now });
  expect(asked).toEqual([["ASIAEXAMPLEAGENTKEY1", "agent-token"]]);
});

describe("who is not ours is refused", () => {
  test("an unknown key, whose id is told", () => {
    const error = caught(() => authenticate({ ...authorization, accessKeyId: "AKIDEXAMPLE" }, options));
    expect(error.code).toBe("UnknownAccessKey");
    expect(error.details).toEqual({ AWSAccessKeyId: "AKIDEXAMPLE" });
  });

  test("a ring that answers with another key", () => {
    const error = caught(() =>
      authenticate({ ...authorization, accessKeyId: "AKIDEXAMPLE" }, { keys: { lookup: () => agentKey }, now }),
    );
    expect(error.code).toBe("UnknownAccessKey");
  });

  test.each([
    ["none", undefined],
    ["an empty one", ""],
    ["another", "agent-tokeN"],
    ["a longer one", "agent-token1"],
  ])("a token that is not the key's: %s", (_, sessionToken) => {
    const error = caught(() => authenticate({ ...authorization, sessionToken }, options));
    expect(error.code).toBe("InvalidToken");
    expect(error.message).not.toContain("agent-token");
  });

  test("a token with a key that has none", () => {
    const { accessKeyId, secretAccessKey } = agentKey.credentials;
    const longTerm: AgentKey = { ...agentKey, credentials: new Credentials({ accessKeyId, secretAccessKey }) };
    const keys = ringOf(longTerm);
    expect(caught(() => authenticate(authorization, { keys, now })).code).toBe("InvalidToken");
    expect(authenticate({ ...authorization, sessionToken: undefined }, { keys, now })).toBe(longTerm);
  });

  test("a key that has expired, from its last instant on", () => {
    const at = (ms: number) =>
      authenticate(
        { ...authorization, date: agentKey.notAfter },
        { ...options, now: new Date(agentKey.notAfter.getTime() + ms) },
      );
    expect(at(-1)).toBe(agentKey);
    expect(caught(() => at(0)).code).toBe("ExpiredToken");
  });
});

describe("the clock", () => {
  const s3 = parseAuthorization(agentRequest({ service: "s3" }));

  test.each([
    ["a service", authorization, 5 * MINUTE],
    ["S3", s3, 15 * MINUTE],
  ])("of %s may be off by its limit, either way, and no more", (_, of, limit) => {
    for (const sign of [1, -1]) {
      expect(authenticate(of, { ...options, now: later(sign * limit) })).toBe(agentKey);
      const error = caught(() => authenticate(of, { ...options, now: later(sign * (limit + 1000)) }));
      expect(error.code).toBe("RequestTimeTooSkewed");
    }
  });

  test("has a limit that can be set", () => {
    const strict = { ...options, maxSkewMs: 1000 };
    expect(authenticate(s3, { ...strict, now: later(1000) })).toBe(agentKey);
    expect(caught(() => authenticate(s3, { ...strict, now: later(2000) })).code).toBe("RequestTimeTooSkewed");
  });

  test("errors say so in the words SDKs look for", () => {
    const late = caught(() => authenticate(authorization, { ...options, now: later(10 * MINUTE) }));
    expect(late.message).toBe(
      "Signature expired: 20261123T123456Z is now earlier than 20261123T123956Z (20261123T124456Z - 5 min.)",
    );
    const early = caught(() => authenticate(authorization, { ...options, now: later(-10 * MINUTE) }));
    expect(early.message).toBe(
      "Signature not yet current: 20261123T123456Z is still later than 20261123T122956Z (20261123T122456Z + 5 min.)",
    );
    const ofS3 = caught(() => authenticate(s3, { ...options, now: later(20 * MINUTE) }));
    expect(ofS3.message).toBe("The difference between the request time and the current time is too large.");
    expect(ofS3.details).toEqual({
      RequestTime: "20261123T123456Z",
      ServerTime: "2026-11-23T12:54:56Z",
      MaxAllowedSkewMilliseconds: "900000",
    });
  });
});

describe("a presigned URL", () => {
  const url = parseAuthorization(presigned({ expires: "600" }));

  test("holds until it expires", () => {
    expect(authenticate(url, { ...options, now: later(600_000) })).toBe(agentKey);
    const error = caught(() => authenticate(url, { ...options, now: later(601_000) }));
    expect(error.code).toBe("PresignedUrlExpired");
    expect(error.details).toEqual({
      "X-Amz-Expires": "600",
      Expires: "2026-11-23T12:44:56Z",
      ServerTime: "2026-11-23T12:44:57Z",
    });
  });

  test("may be of a clock that is 15 minutes ahead, also for services other than S3", () => {
    const sts = parseAuthorization(presigned({ service: "sts" }));
    for (const of of [url, sts]) {
      expect(authenticate(of, { ...options, now: later(-15 * MINUTE) })).toBe(agentKey);
      const error = caught(() => authenticate(of, { ...options, now: later(-15 * MINUTE - 1000) }));
      expect(error.code).toBe("RequestTimeTooSkewed");
    }
  });

  test("does not outlive the key that signed it", () => {
    const week = parseAuthorization(presigned({ expires: "604800" }));
    expect(caught(() => authenticate(week, { ...options, now: later(24 * 60 * MINUTE) })).code).toBe("ExpiredToken");
  });
});

test("a token is compared whether or not it was signed", () => {
  const unsignedToken = withHeaders(agentRequest(), (headers) =>
    headers.map(([name, value]) => [
      name,
      name === "Authorization" ? value.replace(";x-amz-security-token", "") : value,
    ]),
  );
  expect(authenticate(parseAuthorization(unsignedToken), options)).toBe(agentKey);
});
