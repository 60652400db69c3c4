import { expect, test } from "vitest";
import { explanation, UpstreamError } from "../src/upstream-error.ts";

const error = (code: string | undefined, message = "as Node says it") => Object.assign(new Error(message), { code });

test.each([
  ["ENOTFOUND", /does not resolve.*region/],
  ["EAI_AGAIN", /does not resolve.*DNS/],
  ["ECONNREFUSED", /^the connection was refused$/],
  ["ECONNRESET", /closed before an answer/],
  ["EPIPE", /closed before an answer/],
  ["ETIMEDOUT", /^timed out: as Node says it$/],
  ["ERR_TLS_CERT_ALTNAME_INVALID", /for another name .*resolves to$/],
  ["DEPTH_ZERO_SELF_SIGNED_CERT", /not trusted .*--upstream-ca/],
  ["SELF_SIGNED_CERT_IN_CHAIN", /not trusted .*--upstream-ca/],
  ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", /not trusted .*--upstream-ca/],
  ["CERT_HAS_EXPIRED", /not trusted .*--upstream-ca/],
  ["ERR_ADDRESS_REFUSED", /^as Node says it$/],
  ["EHOSTUNREACH", /^as Node says it$/],
  [undefined, /^as Node says it$/],
])("%s is told in words that say what to look at", (code, words) =>
  expect(explanation(error(code) as NodeJS.ErrnoException)).toMatch(words),
);

test("an error of several addresses has its code for a message", () => {
  expect(explanation(error("ENETUNREACH", "") as NodeJS.ErrnoException)).toBe("ENETUNREACH");
  expect(explanation(error("ETIMEDOUT", "") as NodeJS.ErrnoException)).toBe("timed out");
});

test.each([
  ["ERR_TLS_CERT_ALTNAME_INVALID", true],
  ["CERT_HAS_EXPIRED", true],
  ["SELF_SIGNED_CERT_IN_CHAIN", true],
  ["UNABLE_TO_GET_ISSUER_CERT_LOCALLY", true],
  ["ERR_ADDRESS_REFUSED", true],
  ["ERR_PROXY_REFUSED", true],
  ["ENOTFOUND", false],
  ["ECONNREFUSED", false],
  ["ETIMEDOUT", false],
  [undefined, false],
])("that %s befell a request is so until somebody changes something: %s", (code, lasting) => {
  const cause = error(code);
  expect(new UpstreamError("connect", "no", { cause }).lasting).toBe(lasting);
  expect(new UpstreamError("connect", "no", { cause: new Error("wrapped", { cause }) }).lasting).toBe(lasting);
});

test("an error without a cause may pass", () => expect(new UpstreamError("exchange", "no").lasting).toBe(false));
