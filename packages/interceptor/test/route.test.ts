import { expect, test } from "vitest";
import { parseAuthority, type Route, routeTarget } from "../src/index.ts";

const route = (text: string, tunnel: "allow" | "deny"): Route => {
  const authority = parseAuthority(text);
  if (authority === undefined) throw new Error(`${text} is no authority`);
  return routeTarget(authority, { tunnel });
};

test.each(["allow", "deny"] as const)("AWS hosts are intercepted whether tunnels are on or off (%s)", (tunnel) => {
  for (const host of [
    "sts.amazonaws.com",
    "a.b.s3.eu-west-1.amazonaws.com",
    "S3.amazonaws.com.cn",
    "x.on.aws",
    "new.api.aws",
  ]) {
    expect([host, route(`${host}:443`, tunnel)]).toEqual([host, { action: "intercept" }]);
  }
});

test.each(["amazonaws.com.evil.com", "evil-amazonaws.com", "example.com", "amazonaws.com.evil"])(
  "%s is not AWS: it is tunnelled or refused",
  (host) => {
    expect(route(`${host}:443`, "allow")).toEqual({ action: "tunnel" });
    expect(route(`${host}:8080`, "allow")).toEqual({ action: "tunnel" });
    expect(route(`${host}:443`, "deny")).toMatchObject({ action: "refuse" });
  },
);

test("the Kubernetes API of an EKS cluster is a host like any other: nobody can end its TLS for it", () => {
  const cluster = "0A1B2C.gr7.us-east-1.eks.amazonaws.com";
  expect(route(`${cluster}:443`, "allow")).toEqual({ action: "tunnel" });
  expect(route(`${cluster}:443`, "deny")).toMatchObject({ action: "refuse" });
  expect(route("eks.us-east-1.amazonaws.com:443", "allow")).toEqual({ action: "intercept" });
});

test.each([
  "sts.amazonaws.com:80",
  "sts.amazonaws.com.:443",
  "localhost:443",
  "127.0.0.1:443",
  "[::1]:443",
  "0x7f.1:443",
])("%s is refused whether tunnels are on or off", (target) => {
  expect(route(target, "allow")).toMatchObject({ action: "refuse" });
  expect(route(target, "deny")).toMatchObject({ action: "refuse" });
});

test("a host that is named is reached where tunnels are off, and no other; AWS and this machine are not", () => {
  const named = (text: string): Route =>
    routeTarget(parseAuthority(text) as NonNullable<ReturnType<typeof parseAuthority>>, {
      tunnel: "deny",
      tunnelHosts: (host) => host === "api.example.com" || host === "sts.amazonaws.com" || host === "localhost",
    });
  expect(named("api.example.com:443")).toEqual({ action: "tunnel" });
  expect(named("other.example.com:443")).toMatchObject({ action: "refuse" });
  expect(named("sts.amazonaws.com:443")).toEqual({ action: "intercept" });
  expect(named("localhost:443")).toMatchObject({ action: "refuse" });
});
