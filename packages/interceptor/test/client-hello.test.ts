import { Duplex } from "node:stream";
import { connect } from "node:tls";
import fc from "fast-check";
import { expect, test } from "vitest";
import { readClientHello } from "../src/client-hello.ts";

/** What Node's own TLS client says first. */
function captured(servername: string, options: object = {}): Promise<Buffer> {
  return new Promise((resolve) => {
    const below = new Duplex({ read() {}, write: (chunk: Buffer) => resolve(chunk) });
    connect({ socket: below, servername, ...options }).on("error", () => {});
  });
}

const hello = await captured("s3.us-east-1.amazonaws.com", { ALPNProtocols: ["h2", "http/1.1"] });

/** The same message over records of `size` bytes. */
function fragmented(bytes: Buffer, size: number): Buffer {
  const records: Buffer[] = [];
  for (let at = 5; at < bytes.length; at += size) {
    const piece = bytes.subarray(at, at + size);
    records.push(Buffer.from([22, 3, 1, piece.length >> 8, piece.length & 255]), piece);
  }
  return Buffer.concat(records);
}

test("the server name of a real ClientHello is read, in lower case", async () => {
  expect(readClientHello(hello)).toEqual({ serverName: "s3.us-east-1.amazonaws.com" });
  expect(readClientHello(await captured("S3.AmazonAWS.com", { maxVersion: "TLSv1.2" }))).toEqual({
    serverName: "s3.amazonaws.com",
  });
});

test("a ClientHello without a server name has none", async () => {
  expect(readClientHello(await captured(""))).toEqual({ serverName: undefined });
});

test("every beginning of a ClientHello is incomplete, and what follows it is of no account", () => {
  for (let length = 0; length < hello.length; length++) {
    expect([length, readClientHello(hello.subarray(0, length))]).toEqual([length, "incomplete"]);
  }
  expect(readClientHello(Buffer.concat([hello, Buffer.from("more")]))).toEqual(readClientHello(hello));
});

test("records of any size make no difference", () =>
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 600 }), fc.nat(), (size, cut) => {
      const bytes = fragmented(hello, size);
      expect(readClientHello(bytes)).toEqual({ serverName: "s3.us-east-1.amazonaws.com" });
      expect(readClientHello(bytes.subarray(0, cut % bytes.length))).toBe("incomplete");
    }),
  ));

test.each(["GET / HTTP/1.1\r\n", "SSH-2.0-x", "\x00", "\x16\x02", "\x80\x2e\x01\x03\x01"])("%j is no TLS", (text) =>
  expect(readClientHello(Buffer.from(text, "latin1"))).toBe("notTls"),
);

test.each([
  ["an alert", "15030100020100"],
  ["a ServerHello", "160301000402000000"],
  ["an empty record", "1603010000"],
  ["a record longer than any", "160301ffff01"],
  ["a message longer than any", "1603010004010fffff"],
  ["another record inside the message", "16030100020100150301"],
  ["a message that ends too early", "160301000401000000"],
  ["a list of no names", helloWith("0000000200000000")],
  ["a name of another type", helloWith("00000006000401000161")],
  ["two names", helloWith("0000000a00080000016100000162")],
  ["two lists of names", helloWith("00000006000400000161000000060004000001ff")],
  ["a list longer than its extension", helloWith("00000006000900000161")],
  ["an extension longer than the message", helloWith("0000ffff")],
])("TLS that begins with %s is malformed", (_what, hex) =>
  expect(readClientHello(Buffer.from(hex, "hex"))).not.toSatisfy(
    (read) => typeof read === "object" || read === "notTls",
  ),
);

test("a ClientHello without extensions has no server name", () => {
  expect(readClientHello(Buffer.from(helloWith(undefined), "hex"))).toEqual({ serverName: undefined });
});

/** A ClientHello with these extensions. */
function helloWith(extensions: string | undefined): string {
  const length = (hex: string, size: number) => (hex.length / 2).toString(16).padStart(2 * size, "0") + hex;
  const body = `0303${"00".repeat(32)}00${length("1301", 2)}0100${extensions === undefined ? "" : length(extensions, 2)}`;
  return `160301${length(`01${length(body, 3)}`, 2)}`;
}

test("no bytes make it throw, and no change to a ClientHello makes it anything but one of its answers", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => void readClientHello(bytes)));
  fc.assert(
    fc.property(fc.nat(hello.length - 1), fc.nat(255), (at, value) => {
      const changed = Buffer.from(hello);
      changed[at] = value;
      const read = readClientHello(changed);
      expect(typeof read === "object" || ["incomplete", "notTls", "malformed"].includes(read)).toBe(true);
    }),
    { numRuns: 2_000 },
  );
});
