import { describe, expect, test } from "vitest";
import { parseNoProxy, readUpstreamProxy } from "../../src/upstream/upstream-proxy.ts";
import { UsageError } from "../../src/usage-error.ts";

const sts = "sts.us-east-1.amazonaws.com";

describe("the proxy that the environment names", () => {
  test.each<[string, string, boolean]>([
    ["http://proxy.corp:3128", "proxy.corp:3128", false],
    ["http://proxy.corp:3128/", "proxy.corp:3128", false],
    ["http://proxy.corp", "proxy.corp:80", false],
    ["https://proxy.corp", "proxy.corp:443", true],
    ["https://proxy.corp:8443", "proxy.corp:8443", true],
    ["proxy.corp:3128", "proxy.corp:3128", false],
    ["10.0.0.1:3128", "10.0.0.1:3128", false],
    ["http://[fd00::1]:3128", "[fd00::1]:3128", false],
    ["http://someone:secret@proxy.corp:3128", "proxy.corp:3128", false],
    [" http://proxy.corp:3128 ", "proxy.corp:3128", false],
  ])("%s is read", (value, where, secure) => {
    const found = readUpstreamProxy({ HTTPS_PROXY: value });
    expect(found?.proxy.where).toBe(where);
    expect(found?.proxy.secure).toBe(secure);
    expect(found?.of(sts, 443)).toBe(found?.proxy);
  });

  test("is none when no variable is set, or the first that is set is empty", () => {
    expect(readUpstreamProxy({})).toBeUndefined();
    expect(readUpstreamProxy({ HTTPS_PROXY: "" })).toBeUndefined();
    expect(readUpstreamProxy({ https_proxy: "", HTTPS_PROXY: "http://proxy.corp:1" })).toBeUndefined();
  });

  test("is that of the lower-case variable, then the upper-case one, then ALL_PROXY", () => {
    const all = { all_proxy: "c:3", ALL_PROXY: "d:4" };
    expect(readUpstreamProxy({ https_proxy: "a:1", HTTPS_PROXY: "b:2", ...all })).toMatchObject({
      variable: "https_proxy",
      proxy: { where: "a:1" },
    });
    expect(readUpstreamProxy({ HTTPS_PROXY: "b:2", ...all })?.variable).toBe("HTTPS_PROXY");
    expect(readUpstreamProxy({ ...all })?.variable).toBe("all_proxy");
  });

  test("HTTP_PROXY says nothing: what goes upstream is HTTPS", () => {
    expect(readUpstreamProxy({ HTTP_PROXY: "http://proxy.corp:3128", http_proxy: "a:1" })).toBeUndefined();
  });

  test("gets user and password decoded, and in no text of the proxy", () => {
    const proxy = readUpstreamProxy({ HTTPS_PROXY: "http://some%40one:p%3Ass%2Fword@proxy.corp:3128" })?.proxy;
    expect(proxy?.connectHead("h:1")).toContain(
      `Proxy-Authorization: Basic ${Buffer.from("some@one:p:ss/word").toString("base64")}\r\n`,
    );
    expect(JSON.stringify(proxy)).not.toMatch(/ss.word|c29tZ/);
  });

  test.each<[string, string]>([
    ["socks5://proxy.corp:1080", "names a socks5 proxy"],
    ["http://", "is not the address of a proxy"],
    ["http://proxy.corp:port", "is not the address of a proxy"],
    ["http://me:pass/word@proxy.corp:3128", ""],
    ["http://proxy.corp:3128/path", "has more than a host and a port"],
    ["http://proxy.corp:3128?x", "has more than a host and a port"],
    ["http://me:%E0%A4%A@proxy.corp", "does not decode"],
    ["http://m%3Ae:secret@proxy.corp", "with a colon"],
  ])("%s is refused, without repeating it", (value, why) => {
    let thrown: unknown;
    try {
      readUpstreamProxy({ https_proxy: value });
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(UsageError);
    const { message } = thrown as Error;
    expect(message).toContain("https_proxy of this terminal");
    expect(message).toContain(why);
    expect(message).not.toMatch(/pass(?!word)|secret|A4/);
  });
});

describe("NO_PROXY", () => {
  test.each<[string, string, boolean]>([
    ["", sts, false],
    ["*", sts, true],
    ["amazonaws.com", sts, true],
    [".amazonaws.com", sts, true],
    ["*.amazonaws.com", sts, true],
    [sts, sts, true],
    [sts.toUpperCase(), sts, true],
    [`${sts}.`, sts, true],
    [sts, `${sts}.`, true],
    ["ts.us-east-1.amazonaws.com", sts, false],
    ["aws.com", sts, false],
    [`.${sts}`, sts, false],
    ["localhost, .corp  amazonaws.com", sts, true],
    [`${sts}:443`, sts, true],
    [`${sts}:8443`, sts, false],
    ["amazonaws.com:443", sts, true],
    ["10.0.0.0/8, 127.0.0.1, ::1, [::1]", sts, false],
    [",, ,", sts, false],
    [".", sts, false],
    ["(", sts, false],
  ])("%j exempts %s: %s", (text, host, exempt) => {
    expect(parseNoProxy(text)(host, 443)).toBe(exempt);
  });

  test("sends what it names directly, its lower-case spelling first", () => {
    const found = readUpstreamProxy({ HTTPS_PROXY: "a:1", no_proxy: "pypi.org", NO_PROXY: "*" });
    expect(found?.of("pypi.org", 443)).toBeUndefined();
    expect(found?.of(sts, 443)).toBe(found?.proxy);
  });
});
