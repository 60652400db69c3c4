import assert from "node:assert/strict";
import { endToEndRequestHeaders } from "../../src/hop-by-hop.ts";
import { http1Headers, http2RequestFault, http2RequestHead } from "../../src/http2-headers.ts";
import { requestHeadText } from "../../src/request-text.ts";

const host = "s3.amazonaws.com";

export const seeds: readonly Uint8Array[] = [
  `:method:GET\n:scheme:https\n:authority:${host}\n:path:/a?b=c\nx-amz-date:now\ncookie:a=1\ncookie:b=2`,
  `:method:PUT\n:scheme:https\n:path:/k\nhost:${host}:443\ncontent-length:3\nte:trailers\nexpect:100-continue`,
  `:method:POST\n:scheme:https\n:authority:${host}\nhost:${host}\n:path:/\nconnection:x\ntransfer-encoding:chunked\nX:\xe9`,
].map((text) => Buffer.from(text, "latin1"));

/** What an HTTP/2 request becomes for an upstream that speaks HTTP/1.1 is one request, for the same host, or none. */
export function run(bytes: Uint8Array): void {
  const raw = Buffer.from(bytes)
    .toString("latin1")
    .split("\n")
    .flatMap((line) => {
      const colon = line.indexOf(":", 1);
      return colon < 0 ? [line, ""] : [line.slice(0, colon), line.slice(colon + 1)];
    });
  const received = http2RequestHead(raw, host);
  if (http2RequestFault(received) !== undefined) return;
  const { head } = received;
  let text: string;
  try {
    text = requestHeadText(head, http1Headers(head, endToEndRequestHeaders(head.headers)));
  } catch (error) {
    assert.ok(error instanceof TypeError);
    return;
  }
  const [start, ...fields] = text.slice(0, -4).split("\r\n");
  assert.ok(text.endsWith("\r\n\r\n"));
  assert.match(start as string, /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+ \/[\x21-\x7e]* HTTP\/1\.1$/);
  for (const field of fields) assert.match(field, /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+: [^\r\n\0]*$/);
  const named = (name: string): readonly string[] =>
    fields.filter((field) => field.toLowerCase().startsWith(`${name}:`));
  assert.match(named("host").join(), /^Host: s3\.amazonaws\.com(?::0*443)?$/i);
  assert.ok(named("transfer-encoding").length === 0 && named("content-length").length < 2);
  assert.deepEqual(named("connection"), ["Connection: keep-alive"]);
}
