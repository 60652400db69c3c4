import { brotliCompressSync, gzipSync } from "node:zlib";
import { type AwsError, Credentials, type Headers } from "@iap/aws-core";
import type { Answer, ResponseHead, ResponsePlan } from "@iap/interceptor";
import { beforeEach, describe, expect, test } from "vitest";
import { errorCode, responsePlan } from "../../src/request/response-plan.ts";

const secret = "Secr3t/With+Every=Kind/OfCharacter+0123456";
const token = "IQoJb3JpZ2luX2VjE/token+with==/slashes+and&more<\"'>";
const credentials = new Credentials({ accessKeyId: "AKIAREAL", secretAccessKey: secret, sessionToken: token });

const ours: Answer = { status: 503, headers: [["x-ours", "1"]], body: Buffer.from("ours") };
let rendered: AwsError[];
let codes: string[];
beforeEach(() => {
  rendered = [];
  codes = [];
});

function plan(status: number, headers: Headers = []): ResponsePlan {
  const head: ResponseHead = { status, statusText: "", headers };
  return responsePlan({
    credentials,
    render: (error) => {
      rendered.push(error);
      return ours;
    },
    now: () => new Date("2026-01-01T12:00:00Z"),
    onErrorCode: (code) => codes.push(code),
  })(head);
}

/** What the client gets for an error of AWS with this body. */
function answerTo(body: Uint8Array | string | undefined, headers: Headers = [], status = 403): Answer | "unchanged" {
  const planned = plan(status, headers);
  if (planned === "stream" || "headers" in planned) throw new Error("an error is looked into");
  return planned.rewrite(body === undefined ? undefined : Buffer.from(body));
}

function xml(code: string, rest = ""): string {
  return `<?xml version="1.0"?><Error><Code>${code}</Code><Message>m</Message>${rest}</Error>`;
}

test.each([200, 204, 206, 500, 503])("an answer of %i streams", (status) => {
  expect(plan(status, [["x-amz-id-2", "x"]])).toBe("stream");
});

describe("AWS's refusal of the real credentials is replaced by ours", () => {
  test.each([
    "SignatureDoesNotMatch",
    "InvalidAccessKeyId",
    "InvalidClientTokenId",
    "ExpiredToken",
    "InvalidToken",
    "TokenRefreshRequired",
    "RequestTimeTooSkewed",
    "IncompleteSignature",
    "RequestExpired",
  ])("in XML: %s", (code) => {
    expect(answerTo(xml(code))).toBe(ours);
    expect(codes).toEqual([code]);
    expect(rendered[0]).toMatchObject({
      code: "ServiceUnavailable",
      message: expect.stringContaining(`refused them with ${code}`),
    });
  });

  test("says that the clock is off where AWS's Date says so, and what to do about keys otherwise", () => {
    answerTo(xml("SignatureDoesNotMatch"), [["Date", "Thu, 01 Jan 2026 12:17:10 GMT"]]);
    expect(rendered[0]?.message).toContain("the clock of this machine is 17 minutes behind AWS's");
    answerTo(xml("RequestTimeTooSkewed"), [["Date", "Thu, 01 Jan 2026 11:40:00 GMT"]]);
    expect(rendered[1]?.message).toContain("20 minutes ahead of AWS's");
    answerTo(xml("ExpiredToken"), [["Date", "Thu, 01 Jan 2026 12:00:01 GMT"]]);
    expect(rendered[2]?.message).toContain("they are over, log in again");
    answerTo(xml("InvalidClientTokenId"));
    expect(rendered[3]?.message).toContain("AWS does not know them");
  });

  test.each([
    ['{"__type":"com.amazon.coral.service#InvalidSignatureException","message":"m"}', "InvalidSignatureException"],
    ['{"__type":"UnrecognizedClientException"}', "UnrecognizedClientException"],
    ['{ "__type" : "ExpiredTokenException:http://internal/" }', "ExpiredTokenException"],
    ['{"code":"IncompleteSignatureException"}', "IncompleteSignatureException"],
  ])("in JSON: %s", (body, code) => {
    expect(answerTo(body, [], 400)).toBe(ours);
    expect(codes).toEqual([code]);
  });

  test.each([
    ["x-amzn-errortype", "InvalidSignatureException:http://internal.amazon.com/coral/"],
    ["X-Amzn-ErrorType", "InvalidSignatureException"],
    ["x-amzn-query-error", "InvalidSignatureException;Sender"],
  ])("in a header: %s: %s", (name, value) => {
    expect(answerTo('{"message":"m"}', [[name, value]])).toBe(ours);
    expect(codes).toEqual(["InvalidSignatureException"]);
  });

  test.each([
    "com.amazon.coral.service#InvalidSignatureException",
    "aws.protocols#UnrecognizedClientException",
    "ExpiredTokenException",
  ])("in CBOR: %s", (type) => {
    expect(answerTo(cborError(type), [["smithy-protocol", "rpc-v2-cbor"]], 400)).toBe(ours);
    expect(codes).toEqual([type.slice(type.indexOf("#") + 1)]);
  });

  test("of a session that the agent got from AWS is told as the end of that", () => {
    const head: ResponseHead = { status: 400, statusText: "", headers: [] };
    const planned = responsePlan({
      ...{ credentials, session: true, now: () => new Date(), onErrorCode: (code) => codes.push(code) },
      render: (error) => {
        rendered.push(error);
        return ours;
      },
    })(head);
    if (planned === "stream" || "headers" in planned) throw new Error("an error is looked into");
    for (const code of ["ExpiredToken", "ExpiredTokenException"]) {
      expect(planned.rewrite(Buffer.from(xml(code)))).toBe(ours);
    }
    expect(rendered.map(({ code }) => code)).toEqual(["ExpiredToken", "ExpiredToken"]);
  });

  test("in gzip", () => {
    expect(answerTo(gzipSync(xml("SignatureDoesNotMatch")), [["Content-Encoding", "gzip"]])).toBe(ours);
    expect(answerTo(gzipSync(xml("SignatureDoesNotMatch")), [["content-encoding", "GZIP"]])).toBe(ours);
  });

  test("in EC2's words, whose code is that of other refusals too", () => {
    const refused = xml("AuthFailure").replace(
      "<Message>m",
      "<Message>AWS was not able to validate the provided access credentials",
    );
    expect(answerTo(refused, [], 401)).toBe(ours);
    expect(answerTo(xml("AuthFailure"), [], 401)).toBe("unchanged");
  });
});

describe("whatever the error, one that repeats the secret or the token is replaced", () => {
  const forms: readonly (readonly [string, (text: string) => string])[] = [
    ["as it is", (text) => text],
    ["escaped for a URL", encodeURIComponent],
    [
      "escaped for a URL in lower case",
      (text) => encodeURIComponent(text).replace(/%../g, (code) => code.toLowerCase()),
    ],
    ["escaped for a URL twice", (text) => encodeURIComponent(encodeURIComponent(text))],
    ["escaped for XML", escapeXml],
    ["escaped for XML in numbers", (text) => text.replace(/\W/g, (char) => `&#${char.charCodeAt(0)};`)],
    ["escaped for XML in hexadecimal", (text) => text.replace(/\W/g, (char) => `&#x${hex(char, 2)};`)],
    ["escaped for JSON", (text) => JSON.stringify(text).slice(1, -1)],
    ["escaped for JSON with slashes", (text) => JSON.stringify(text).slice(1, -1).replaceAll("/", "\\/")],
    ["escaped for JSON in HTML", (text) => text.replace(/\W/g, (char) => `\\u${hex(char, 4)}`)],
    ["escaped for a URL and then for XML", (text) => escapeXml(encodeURIComponent(text))],
    ["escaped for XML and then for JSON", (text) => JSON.stringify(escapeXml(text)).slice(1, -1)],
  ];

  test.each(forms)("%s", (_form, escaped) => {
    for (const leak of [secret, token]) {
      expect(answerTo(xml("NoSuchKey", `<Detail>${escaped(leak)}</Detail>`), [], 404)).toBe(ours);
      expect(answerTo(`{"__type":"ValidationException","message":"${escaped(leak)}"}`, [], 400)).toBe(ours);
    }
    expect(rendered[0]?.message).toContain("its error repeated them");
    expect(codes[0]).toBe("NoSuchKey");
  });

  test("in gzip", () => {
    expect(answerTo(gzipSync(xml("NoSuchKey", token)), [["Content-Encoding", "gzip"]])).toBe(ours);
  });
});

test("an error that repeats a signature of ours is replaced, whatever it calls itself", () => {
  const authorization = `AWS4-HMAC-SHA256 Credential=AKIAREAL/20260101/x, SignedHeaders=host, Signature=${"a1".repeat(32)}`;
  expect(answerTo(`{"message":"no key=value pair in Authorization header: '${authorization}'"}`)).toBe(ours);
  expect(answerTo(xml("InvalidArgument", authorization), [], 400)).toBe(ours);
  expect(answerTo(xml("NoSuchEntity", "The Access Key with id AKIAREAL cannot be found."), [], 404)).toBe("unchanged");
});

test("a header of an error counts as its body does", () => {
  expect(answerTo("", [["x-amzn-errormessage", `no such thing: ${encodeURIComponent(token)}`]], 404)).toBe(ours);
});

describe("what cannot be looked into is replaced", () => {
  test.each<[string, Uint8Array | undefined, Headers]>([
    ["longer than any error", undefined, []],
    ["in an encoding that is not known", brotliCompressSync(xml("NoSuchKey")), [["Content-Encoding", "br"]]],
    ["in gzip that is broken", gzipSync(xml("NoSuchKey")).subarray(0, 30), [["Content-Encoding", "gzip"]]],
    ["a gzip bomb", gzipSync(Buffer.alloc(2_000_000)), [["Content-Encoding", "gzip"]]],
  ])("%s", (_what, body, headers) => {
    expect(answerTo(body, headers)).toBe(ours);
    expect(rendered[0]?.message).toContain("could not be read");
  });

  test("and an error is looked into up to 64 KiB", () => {
    expect(plan(403)).toMatchObject({ maxBytes: 65_536 });
  });
});

test.each<[string, Uint8Array | string, Headers]>([
  ["XML", xml("NoSuchKey"), []],
  ["JSON", '{"__type":"ResourceNotFoundException","message":"no such table"}', []],
  ["CBOR", cborError("com.amazonaws.x#ResourceNotFoundException"), []],
  ["gzip", gzipSync(xml("NoSuchKey")), [["Content-Encoding", "gzip"]]],
  ["nothing", "", []],
  ["bytes that are no text", Buffer.from([0, 255, 254, 128, 37, 37, 92]), []],
])("an ordinary error in %s is not changed", (_form, body, headers) => {
  for (const status of [400, 403, 404, 409, 412, 416, 429]) expect(answerTo(body, headers, status)).toBe("unchanged");
  expect(rendered).toEqual([]);
});

test("AWS's own denial is told with its code, and not changed", () => {
  expect(answerTo(xml("AccessDenied"))).toBe("unchanged");
  expect(codes).toEqual(["AccessDenied"]);
});

describe("a redirect", () => {
  const location: Headers = [
    ["Location", "https://b.s3.eu-west-1.amazonaws.com/k"],
    ["x-amz-bucket-region", "eu-west-1"],
  ];

  test("streams as it is", () => {
    expect(plan(307, location)).toBe("stream");
    expect(plan(304)).toBe("stream");
  });

  test.each([token, encodeURIComponent(token)])("loses a Location that repeats the token", (leak) => {
    const leaking: Headers = [["Location", `https://h/?X-Amz-Security-Token=${leak}`], ...location.slice(1)];
    expect(plan(301, leaking)).toEqual({ headers: location.slice(1) });
  });

  test("loses a Location that is a URL presigned with our keys, which need no token, and no other", () => {
    const presignedBy = (id: string): string => `https://h/k?X-Amz-Credential=${id}%2F20260101%2Fx&X-Amz-Signature=a1`;
    const mine: Headers = [["Location", presignedBy("AKIAREAL")], ...location.slice(1)];
    const lasting = new Credentials({ accessKeyId: "AKIAREAL", secretAccessKey: secret });
    const planned = responsePlan({ credentials: lasting, render: () => ours, now: () => new Date(), onErrorCode() {} });
    expect(planned({ status: 307, statusText: "", headers: mine })).toEqual({ headers: location.slice(1) });
    expect(plan(307, [["Location", presignedBy("ASIAOTHER")]])).toBe("stream");
  });
});

test.each<[string, Headers, string | undefined]>([
  ["<Error><Code> NoSuchKey </Code></Error>", [], "NoSuchKey"],
  ["<Code>no such key</Code>", [], undefined],
  ['{"code":5}', [], undefined],
  ['{"Code":"Throttling"}', [], "Throttling"],
  ["", [["x-amzn-errortype", "A:b"]], "A"],
  ["", [["x-amzn-errortype", "com.amazon#A:b"]], "A"],
  // A code is recorded: what is none may be anything.
  ['{"code":"A"}', [["x-amzn-errortype", "IQoJb3JpZ2luX2Vj/E+="]], "A"],
  ["", [["x-amzn-errortype", "A".repeat(129)]], undefined],
  // CBOR: texts of 3 bytes, of 3 with a longer length (RFC 8949 section 3.1, 0x79), and no text.
  ["\xa1f__typecA#B", [], "B"],
  ["\xa1f__typey\x00\x03A#B", [], undefined],
  ["\xa1f__type\x03", [], undefined],
  ["", [], undefined],
])("the error code of %j is found", (text, headers, code) => {
  expect(errorCode({ status: 400, statusText: "", headers }, text)).toBe(code);
});

function escapeXml(text: string): string {
  const named: Readonly<Record<string, string>> = { "&": "amp", "<": "lt", ">": "gt", '"': "quot", "'": "apos" };
  return text.replace(/[&<>"']/g, (char) => `&${named[char]};`);
}

function hex(char: string, digits: number): string {
  return char.charCodeAt(0).toString(16).padStart(digits, "0");
}

/** `{"__type": type, "message": "m"}` in CBOR: definite lengths, text of up to 255 bytes. */
function cborError(type: string): Buffer {
  return Buffer.concat([Buffer.from([0xa2]), cborText("__type"), cborText(type), cborText("message"), cborText("m")]);
}

function cborText(text: string): Buffer {
  const head = text.length < 24 ? [0x60 + text.length] : [0x78, text.length];
  return Buffer.concat([Buffer.from(head), Buffer.from(text)]);
}

test("what was not signed cannot have been refused: its answer streams", () => {
  const now = (): Date => new Date();
  const planned = responsePlan({ credentials: undefined, render: () => ours, now, onErrorCode: () => {} });
  expect(planned({ status: 403, statusText: "", headers: [] })).toBe("stream");
});

test("escapes that stand for nothing of ASCII are left alone", () => {
  expect(answerTo(`${xml("AccessDenied")}&#200; &unknown; \\u00e9`)).toBe("unchanged");
});
