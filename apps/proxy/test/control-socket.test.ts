import { once } from "node:events";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, onTestFinished, test } from "vitest";
import { askProxy, type ControlAnswer, serveControl } from "../src/control-socket.ts";

let dir: string;
let path: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "iap-control-"));
  path = join(dir, "control.sock");
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

async function serve(answer: ControlAnswer = { ok: true, message: "done" }): Promise<{ asked: number }> {
  const seen = { asked: 0 };
  const server = await serveControl({
    path,
    reload: async () => {
      seen.asked++;
      return answer;
    },
  });
  onTestFinished(() => server.close());
  return seen;
}

test("a command is done and answered", async () => {
  const seen = await serve({ ok: false, message: "not valid" });
  expect(await askProxy(path, "reload")).toEqual({ ok: false, message: "not valid" });
  expect(await askProxy(path, "reload")).toMatchObject({ ok: false });
  expect(seen.asked).toBe(2);
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

test.each(["stop\n", "RELOAD\n", "x".repeat(5000)])("anything else does nothing", async (text) => {
  const seen = await serve();
  const socket = connect(path);
  socket.on("error", () => {});
  socket.write(text);
  socket.resume();
  await once(socket, "close");
  expect(seen.asked).toBe(0);
  expect(await askProxy(path, "reload")).toMatchObject({ ok: true });
});

test("what a crash left is replaced; a proxy that answers is not", async () => {
  writeFileSync(path, "");
  await serve();
  await expect(serveControl({ path, reload: async () => ({ ok: true, message: "" }) })).rejects.toThrow(
    "another proxy",
  );
  expect(await askProxy(path, "reload")).toMatchObject({ message: "done" });
});

test("without a proxy, what to do is said", async () => {
  await expect(askProxy(path, "reload")).rejects.toThrow(`no proxy answers at ${path} (ENOENT)`);
});
