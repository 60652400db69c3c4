/** What the first bytes of a proxy's answer to CONNECT say. */
export type ConnectAnswer =
  | "incomplete"
  | "notHttp"
  | "tooLong"
  | { readonly status: number; readonly reason: string; readonly length: number };

/** The most bytes of head that are waited for, interim answers included. */
export const maxConnectHeadBytes = 65_536;

/**
 * Reads the head of an answer to CONNECT at the start of `bytes`; `length` is that of the head, interim answers (1xx)
 * before it included. What follows the head of a 2xx answer is the tunnel's, whatever its headers say of a body (RFC
 * 9110 section 9.3.6). Bytes that cannot become an HTTP/1 answer are `notHttp` as soon as they show it.
 */
export function readConnectHead(bytes: Buffer): ConnectAnswer {
  for (let start = 0; ; ) {
    const begin = bytes.toString("latin1", start, start + 64);
    const whole = /^HTTP\/1\.[01] ([1-9]\d\d)(?: ([^\r\n]*))?(?:\r?\n|$)/.exec(begin);
    if (!couldBeStatusLine(begin)) return "notHttp";
    const end = bytes.indexOf("\r\n\r\n", start, "latin1");
    if (end < 0 || end + 4 > maxConnectHeadBytes)
      return bytes.length >= maxConnectHeadBytes || end >= 0 ? "tooLong" : "incomplete";
    const status = Number(whole?.[1]);
    if (whole === null || Number.isNaN(status)) return "notHttp";
    if (status >= 200) return { status, reason: (whole[2] ?? "").trim(), length: end + 4 };
    start = end + 4;
  }
}

/** Whether the text is a status line, or the beginning of one. */
function couldBeStatusLine(text: string): boolean {
  const form = "HTTP/1.1 200";
  for (let i = 0; i < Math.min(text.length, form.length); i++) {
    const [have, want] = [text[i] as string, form[i] as string];
    if (i === 7 ? have !== "0" && have !== "1" : i >= 9 ? have < "0" || have > "9" : have !== want) return false;
  }
  return text.length <= form.length || text[form.length] === " " || text[form.length] === "\r";
}
