import { expect, test } from "vitest";
import { connectionLimit } from "../src/connection-limit.ts";

const limits = (openFiles: string): (() => string) => {
  const lines = [
    "Limit                     Soft Limit           Hard Limit           Units",
    `Max open files            ${openFiles}            files`,
  ];
  return () => `${lines.join("\n")}\n`;
};

test.each([
  [1, "1048576              1048576", 20_000],
  [4, "1048576              1048576", 5_000],
  [1, "20000                20000", 15_000],
  [1, "1024                 1048576", 768],
  [1, "200                  200", 136],
  [1, "20                   20", 1],
  [1, "unlimited            unlimited", 20_000],
])("%i process(es) under a limit of %s descriptors: %i connections each", (processes, openFiles, connections) => {
  expect(connectionLimit(processes, limits(openFiles))).toBe(connections);
});

test("where the system tells nothing, it is the part alone", () => {
  expect(connectionLimit(3, () => "")).toBe(6667);
  expect(connectionLimit(1)).toBeGreaterThan(0);
});
