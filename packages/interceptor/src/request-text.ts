import type { Headers, RequestHead } from "@iap/aws-core";

const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const unfitTarget = /[^\x21-\x7e\x80-\xff]/;
const unfitValue = /[^\t\x20-\x7e\x80-\xff]/;

/**
 * The head of a request as it goes on the wire (latin1), with these headers as they are; without a Connection among them
 * the connection is said to be kept. Throws a `TypeError` for what no head can carry.
 */
export function requestHeadText({ method, target }: RequestHead, headers: Headers): string {
  if (!token.test(method) || target === "" || unfitTarget.test(target))
    throw new TypeError("a request's method or target holds what no request line can carry");
  let lines = "";
  let connection = "Connection: keep-alive\r\n";
  for (const [name, value] of headers) {
    if (name.length === 10 && name.toLowerCase() === "connection") connection = "";
    lines += fieldLine(name, value);
  }
  return `${method} ${target} HTTP/1.1\r\n${lines}${connection}\r\n`;
}

/** A field line with its line break. Throws a `TypeError` for what no line can carry. */
export function fieldLine(name: string, value: string): string {
  if (!token.test(name)) throw new TypeError("a header's name holds what no header line can carry");
  if (unfitValue.test(value))
    throw new TypeError(`the value of the header ${name} holds what no header line can carry`);
  return `${name}: ${value}\r\n`;
}
