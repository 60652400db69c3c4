import { expect, test } from "vitest";
import { x509 } from "../src/x509.ts";

test("loading the library leaves Reflect as it was", () => {
  const before = Object.getOwnPropertyNames(Reflect);
  expect(x509().X509CertificateGenerator).toBeTypeOf("function");
  expect(Object.getOwnPropertyNames(Reflect)).toEqual(before);
});
