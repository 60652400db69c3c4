import { createSecretKey, randomBytes } from "node:crypto";
import { once } from "node:events";
import { connect } from "node:net";
import type { DecidedRecord, FinishedRecord } from "@iap/aws-core";
import { KeyVendor } from "@iap/cred-vendor";
import { type InterceptorEvent, UpstreamProxy } from "@iap/interceptor";
import { expect, onTestFinished, test } from "vitest";
import { openEndpoint } from "../src/endpoint-mode.ts";
import { ByteBudget } from "../src/request/byte-budget.ts";
import { signedRequest } from "./agent-request.ts";
import { testAuthorities } from "./intercepted-pipeline.ts";

/** An endpoint before a proxy that does not answer. */
async function endpoint() {
  const vendor = new KeyVendor({ installKey: createSecretKey(randomBytes(32)) });
  const key = vendor.issue({ agent: "tester", session: "s", ttlSeconds: 3600, now: new Date() });
  const decided: DecidedRecord[] = [];
  const finished: FinishedRecord[] = [];
  const events: InterceptorEvent[] = [];
  const opened = await openEndpoint({
    port: 0,
    proxy: new UpstreamProxy({ host: "127.0.0.1", port: 1 }),
    rootCertificate: (await testAuthorities()).proxy.rootCertificate,
    keys: vendor,
    records: {
      recorder: {
        decided: async (record) => void decided.push(record),
        finished: (record) => void finished.push(record),
      },
      mode: "enforce",
      run: "run-1",
      now: () => new Date(),
      onDecided: () => {},
    },
    budget: new ByteBudget({ total: 100, perKey: 100 }),
    onEvent: (event) => events.push(event),
  });
  onTestFinished(() => opened.close());
  return { port: opened.port, credentials: key.credentials, decided, finished, events };
}

/** What is answered to a request on a connection of its own. */
async function answerTo(port: number, text: string): Promise<string> {
  const socket = connect(port, "127.0.0.1").on("error", () => {});
  let received = "";
  socket.on("data", (chunk) => (received += chunk.toString("latin1")));
  const closed = once(socket, "close");
  socket.write(text);
  await closed;
  return received;
}

test("a body that is held takes its place in the budget, and gives it back", async () => {
  const { port, credentials, decided, finished } = await endpoint();
  const post = (length: number): string => {
    const { headers } = signedRequest({
      host: `127.0.0.1:${port}`,
      method: "POST",
      headers: [["Content-Type", "application/x-www-form-urlencoded"]],
      body: "x".repeat(length),
      credentials,
      service: "sts",
    });
    const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`).join("");
    return `POST / HTTP/1.1\r\n${lines}Connection: close\r\n\r\n${"x".repeat(length)}`;
  };
  expect(await answerTo(port, post(101))).toContain("Too many request bodies are held");
  expect(decided).toMatchObject([{ forwarded: false, decision: { by: "limit" } }]);
  expect(finished).toMatchObject([{ outcome: "answered", status: 503 }]);
  for (let i = 0; i < 3; i++) expect(await answerTo(port, post(60))).toContain("could not reach AWS");
  // What never got to the proxy is recorded here.
  expect([decided.length, finished.length]).toEqual([4, 4]);
});

test("what is malformed is told, with its head where it has one", async () => {
  const { port, events } = await endpoint();
  expect(await answerTo(port, "GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n")).toContain("HTTP/1.1 421 ");
  expect(events).toMatchObject([{ type: "malformedRequest", status: 421, head: { method: "GET" } }]);
});
