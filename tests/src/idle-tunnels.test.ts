import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { connect as connectTls, type TLSSocket } from "node:tls";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { RealCredentials } from "./fake-aws/signature-oracle.ts";
import { FakeAws } from "./fake-aws.ts";
import { ProcessWatch } from "./process-watch.ts";
import { ProxyProcess } from "./proxy-process.ts";
import { expectOnlySigned, wholeRecords } from "./records.ts";
import { s3, s3Head, s3Host } from "./signed-request.ts";
import { targetKind } from "./target.ts";
import { tempDir } from "./temp-dir.ts";
import { sessionCredentials } from "./test-credentials.ts";

/** A thousand; ten thousand with `IAP_SLOW=1`. */
const tunnels = process.env.IAP_SLOW === "1" ? 10_000 : 1_000;
const limit = Number(/Max open files\s+\d+\s+(\d+|unlimited)/.exec(limits())?.[1]?.replace("unlimited", "1e9") ?? 0);

describe.skipIf(targetKind === "direct" || limit < tunnels + 1_000)(
  `${tunnels} idle tunnels (Linux, and so many file descriptors)`,
  () => {
    const credentials = sessionCredentials();
    const home = tempDir("tunnels");
    const watch = new ProcessWatch(home);
    let fake: FakeAws;
    let proxy: ProxyProcess;
    let agent: RealCredentials;

    beforeAll(async () => {
      fake = await FakeAws.start({ credentials });
      proxy = await ProxyProcess.start(fake, { credentials, home, env: watch.env });
      watch.watch(proxy.pid);
      agent = await proxy.agentCredentials();
      await s3(proxy, { agent, method: "PUT", path: "/tunnels" });
      await s3(proxy, { agent, method: "PUT", path: "/tunnels/object", body: "whole" });
    });
    afterAll(() => proxy?.stop());

    test("cost a few kilobytes each, keep nobody from being served, still work, and leave nothing", {
      timeout: 300_000,
    }, async () => {
      const ca = readFileSync(proxy.env.NODE_EXTRA_CA_CERTS as string, "utf8");
      const before = { heap: await watch.heapBytes(), resident: watch.residentBytes, descriptors: watch.descriptors };
      const open: TLSSocket[] = [];
      // Each has served: one that asks nothing at all is closed after 20 s.
      const head = (await s3Head({ agent, path: "/tunnels/object" })).replace("connection: close\r\n", "");
      while (open.length < tunnels) {
        open.push(...(await Promise.all(Array.from({ length: 100 }, () => tunnel(proxy.port, ca, head)))));
      }
      const held = { heap: await watch.heapBytes(), resident: watch.residentBytes };
      console.log(
        `each tunnel: ${((held.heap - before.heap) / tunnels / 1024).toFixed(1)} KB of heap, ${((held.resident - before.resident) / tunnels / 1024).toFixed(1)} KB resident`,
      );
      expect((held.resident - before.resident) / tunnels).toBeLessThan(120 * 1024);
      expect((await s3(proxy, { agent, path: "/tunnels/object" })).status).toBe(200);
      for (const socket of [open[0], open[tunnels >> 1], open[tunnels - 1]] as TLSSocket[]) {
        const answer = once(socket, "data");
        socket.write(head);
        expect(String((await answer)[0])).toMatch(/^HTTP\/1\.1 200 /);
      }
      for (const socket of open) socket.destroy();
      for (const end = performance.now() + 30_000; watch.descriptors > before.descriptors + 5; ) {
        if (performance.now() > end) throw new Error(`${watch.descriptors} descriptors stay open`);
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      expect((await watch.heapBytes()) - before.heap).toBeLessThan(16 << 20);
      await wholeRecords(proxy);
      expectOnlySigned(fake, proxy);
    });
  },
);

async function tunnel(port: number, ca: string, head: string): Promise<TLSSocket> {
  const raw: Socket = connect(port, "127.0.0.1");
  raw.on("error", () => {});
  await once(raw, "connect");
  raw.write(`CONNECT ${s3Host}:443 HTTP/1.1\r\nHost: ${s3Host}:443\r\n\r\n`);
  await once(raw, "data");
  const socket = connectTls({ socket: raw, servername: s3Host, ca });
  await once(socket, "secureConnect");
  socket.write(head);
  await once(socket, "data");
  return socket.on("error", () => {});
}

function limits(): string {
  try {
    return readFileSync("/proc/self/limits", "utf8");
  } catch {
    return "";
  }
}
