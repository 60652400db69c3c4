import { expect, test } from "vitest";
import type { ResponseHead, ResponsePlan } from "../src/index.ts";
import { eventually, host, type ProxyOptions, trio } from "./harness.ts";

const answer = "HTTP/1.1 403 Forbidden\r\nX-Amzn-RequestId: 1\r\nContent-Length: 6\r\n\r\nsecret";
const chunked =
  "HTTP/1.1 403 Forbidden\r\nTransfer-Encoding: chunked\r\nTrailer: t\r\n\r\n6\r\nsecret\r\n0\r\nt: 1\r\n\r\n";

async function answered(
  plan: (head: ResponseHead) => ResponsePlan,
  {
    upstreamAnswer = answer,
    method = "GET",
    ...options
  }: ProxyOptions & { upstreamAnswer?: string; method?: string } = {},
) {
  const parts = await trio({ forward: { response: plan }, ...options });
  parts.client.write(`${method} / HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
  const server = await parts.upstream.connection();
  await server.message();
  server.write(upstreamAnswer);
  const message = await parts.client.message({ bodiless: method === "HEAD" });
  return { ...parts, server, message, lines: message.lines.filter((line) => !/^(connection|keep-alive)/i.test(line)) };
}

test("a plan is made from the head of the answer, and may stream it under other headers", async () => {
  const heads: ResponseHead[] = [];
  const { message, lines } = await answered((head) => {
    heads.push(head);
    return { headers: [["X-Other", "1"], ...head.headers.slice(1)] };
  });
  expect(heads).toEqual([
    {
      status: 403,
      statusText: "Forbidden",
      headers: [
        ["X-Amzn-RequestId", "1"],
        ["Content-Length", "6"],
      ],
    },
  ]);
  expect(lines).toEqual(["X-Other: 1", "Content-Length: 6"]);
  expect(message.body.toString()).toBe("secret");
});

test("a rewritten answer says of its connection what is so, not what upstream said of its own", async () => {
  const upstreamAnswer =
    "HTTP/1.1 200 OK\r\nConnection: keep-alive, X-Hop\r\nKeep-Alive: timeout=5\r\nX-Hop: 1\r\nX-End: 1\r\nContent-Length: 6\r\n\r\nsecret";
  const plan = (head: ResponseHead): ResponsePlan => ({
    maxBytes: 6,
    rewrite: () => ({
      status: 200,
      headers: head.headers.filter(([name]) => name !== "Content-Length"),
      body: Buffer.from("new"),
    }),
  });
  const parts = await trio({ forward: { response: plan } });
  parts.client.write(`GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
  const server = await parts.upstream.connection();
  await server.message();
  server.write(upstreamAnswer);
  const { lines, body } = await parts.client.message();
  expect(lines).toEqual(["X-End: 1", "Content-Length: 3", "Connection: close"]);
  expect(body.toString()).toBe("new");
  await parts.client.rest();
});

test("an answer that is collected and left unchanged is the same", async () => {
  const bodies: (string | undefined)[] = [];
  const rewrite = (body?: Uint8Array) => {
    bodies.push(body && Buffer.from(body).toString());
    return "unchanged" as const;
  };
  const { message, lines, results } = await answered(() => ({ maxBytes: 6, rewrite }));
  expect([message.start, ...lines, message.body.toString()]).toEqual([
    "HTTP/1.1 403 Forbidden",
    "X-Amzn-RequestId: 1",
    "Content-Length: 6",
    "secret",
  ]);
  expect(bodies).toEqual(["secret"]);
  await eventually(() => results.length === 1, "the result");
  expect(results).toMatchObject([{ outcome: "answered", bytesDown: 6, head: { status: 403 } }]);
});

test("a chunked answer that is collected goes out with its length", async () => {
  const { message, lines } = await answered(() => ({ maxBytes: 6, rewrite: () => "unchanged" }), {
    upstreamAnswer: chunked,
  });
  expect(lines).toEqual(["Content-Length: 6"]);
  expect(message.body.toString()).toBe("secret");
});

test("an answer may be replaced, status, headers and body", async () => {
  const { message, lines, server, client } = await answered(() => ({
    maxBytes: 100,
    rewrite: () => ({ status: 503, headers: [["X-Ours", "1"]], body: Buffer.from("other") }),
  }));
  expect([message.start, ...lines, message.body.toString()]).toEqual([
    "HTTP/1.1 503 Service Unavailable",
    "X-Ours: 1",
    "Content-Length: 5",
    "other",
  ]);
  // Both connections go on.
  client.write(`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
  await server.message();
});

test.each([answer, chunked])(
  "an answer longer than may be collected is given up, and its replacement arrives whole (case %#)",
  async (upstreamAnswer) => {
    const bodies: unknown[] = [];
    const { message, server, results } = await answered(
      () => ({
        maxBytes: 5,
        rewrite: (body) => {
          bodies.push(body);
          return { status: 503, headers: [], body: Buffer.from("too long") };
        },
      }),
      { upstreamAnswer },
    );
    expect(message.body.toString()).toBe("too long");
    expect(bodies).toEqual([undefined]);
    await server.rest();
    await eventually(() => results.length === 1, "the result");
    expect(results).toMatchObject([{ outcome: "answered", error: undefined }]);
  },
);

test("an answer that was too long to be seen cannot be left unchanged", async () => {
  const { message } = await answered(() => ({ maxBytes: 5, rewrite: () => "unchanged" }));
  expect(message.start).toBe("HTTP/1.1 502 Bad Gateway");
  expect(message.body.toString()).toContain("too long");
});

test("the answer to HEAD is collected as an empty body, and keeps the length it announces", async () => {
  const bodies: unknown[] = [];
  const rewrite = (body?: Uint8Array) => {
    bodies.push(body?.length);
    return "unchanged" as const;
  };
  const { lines } = await answered(() => ({ maxBytes: 5, rewrite }), {
    method: "HEAD",
    upstreamAnswer: "HTTP/1.1 404 Not Found\r\nContent-Length: 1000\r\n\r\n",
  });
  expect(lines).toEqual(["Content-Length: 1000"]);
  expect(bodies).toEqual([0]);
});

test("the answer to HEAD may be replaced, and still has no body", async () => {
  const { client, message, server } = await answered(
    () => ({ maxBytes: 5, rewrite: () => ({ status: 503, headers: [], body: Buffer.from("other") }) }),
    { method: "HEAD", upstreamAnswer: "HTTP/1.1 404 Not Found\r\nContent-Length: 1\r\n\r\n" },
  );
  expect([message.start, message.header("content-length")]).toEqual(["HTTP/1.1 503 Service Unavailable", "5"]);
  client.write(`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
  await server.message();
  server.write("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
  expect((await client.message()).body.toString()).toBe("other");
});

test.each(["plan", "rewrite"])(
  "what a %s throws ends the exchange while the client can still be told",
  async (where) => {
    const boom = () => {
      throw new Error("our bug");
    };
    const { message, server } = await answered(where === "plan" ? boom : () => ({ maxBytes: 10, rewrite: boom }));
    expect([message.start, message.body.toString()]).toEqual(["HTTP/1.1 502 Bad Gateway", "our bug"]);
    if (where === "plan") await server.rest();
  },
);

test("an answer that breaks off while it is collected is an error the client can be told", async () => {
  const { client, upstream, errors } = await trio({
    forward: { response: () => ({ maxBytes: 100, rewrite: () => "unchanged" }) },
  });
  client.write(`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
  const server = await upstream.connection();
  await server.message();
  server.write(answer.slice(0, -1));
  server.reset();
  expect((await client.message()).start).toBe("HTTP/1.1 502 Bad Gateway");
  expect(errors).toMatchObject([{ name: "UpstreamError", stage: "exchange" }]);
});
