import { expect, test } from "vitest";
import { ProxyPassword } from "../../src/run/proxy-password.ts";

const header = (url: string): string => {
  const { username, password } = new URL(url);
  return Buffer.from(`${username}:${password}`).toString("base64");
};

test("what the URL carries is accepted, the scheme in any case", () => {
  const password = new ProxyPassword();
  const sent = header(password.url("127.0.0.1", 4000));
  for (const scheme of ["Basic", "basic", "BASIC "]) expect(password.accepts(`${scheme} ${sent}`)).toBe(true);
});

test("nothing else is", () => {
  const password = new ProxyPassword();
  const other = header(new ProxyPassword().url("127.0.0.1", 4000));
  const own = header(password.url("127.0.0.1", 4000));
  for (const wrong of [undefined, "", "Basic", `Basic ${other}`, `Bearer ${own}`, own, `Basic ${own}x`]) {
    expect(password.accepts(wrong)).toBe(false);
  }
});

test("it is found in an environment that was given it", () => {
  const password = new ProxyPassword();
  expect(password.isIn(`A=1\0HTTPS_PROXY=${password.url("127.0.0.1", 1)}\0`)).toBe(true);
  expect(password.isIn("A=1\0")).toBe(false);
});
