import { once } from "node:events";
import { request } from "node:https";
import { expect, test } from "vitest";
import { defaultLimits } from "../src/index.ts";
import { upstreamAgent, upstreamContext } from "../src/upstream.ts";
import { authority, host, Upstream } from "./harness.ts";

test("an error of a connection between two requests does not end the process", async () => {
  const upstream = await Upstream.start(host);
  const agent = upstreamAgent({
    connectAddress: () => ({ host: "127.0.0.1", port: upstream.port }),
    secureContext: upstreamContext([authority.rootCertificate]),
    limits: defaultLimits,
  });
  const sent = request({ agent, host });
  sent.end();
  sent.on("response", (response) => response.resume());
  const server = await upstream.connection();
  await server.message();
  server.write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  const thrown: unknown[] = [];
  // Called when the request is over, and the connection not yet back in the pool.
  sent.on("close", () => {
    try {
      sent.socket?.emit("error", new Error("reset"));
    } catch (error) {
      thrown.push(error);
    }
  });
  await once(sent, "close");
  expect(thrown).toEqual([]);
  agent.destroy();
});
