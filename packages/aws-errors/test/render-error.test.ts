import { AwsError, type AwsErrorCause, headerValue } from "@iap/aws-core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isPresigned, type RenderedError, renderError } from "../src/index.ts";
import { head, requests } from "./requests.ts";

const now = new Date("2026-11-23T12:34:56.789Z");
const requestId = "01JDCM5T2Z8Q4W6E9R3Y7U1I0P";
const denied = new AwsError(
  "AccessDenied",
  "User: arn:aws:iam::111122223333:user/u is not authorized to perform: s3:GetObject",
);
const MARKED = `${denied.message} (iam-agent-proxy decision ${requestId})`;

function render(error: AwsError, request = requests.awsQuery): RenderedError {
  return renderError(error, { request, requestId, now });
}

function text({ body }: RenderedError): string {
  return Buffer.from(body).toString("utf8");
}

describe("a denial", () => {
  test("of S3", () => {
    const rendered = render(denied, requests.s3);
    expect(text(rendered)).toMatch(
      /^<\?xml version="1.0" encoding="UTF-8"\?>\n<Error><Code>AccessDenied<\/Code><Message>[^<]*<\/Message><RequestId>[0-9A-Z]{16}<\/RequestId><HostId>[A-Za-z0-9+/=]{88}<\/HostId><\/Error>$/,
    );
    expect(text(rendered)).toContain(`<Message>${MARKED}</Message>`);
    expect(headerValue(rendered.headers, "content-type")).toBe("application/xml");
    const id = headerValue(rendered.headers, "x-amz-request-id");
    expect(text(rendered)).toContain(`<RequestId>${id}</RequestId>`);
    expect(text(rendered)).toContain(`<HostId>${headerValue(rendered.headers, "x-amz-id-2")}</HostId>`);
  });

  test("of a query service", () => {
    const rendered = render(denied);
    expect(text(rendered)).toBe(
      `<?xml version="1.0" encoding="UTF-8"?>\n<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>${MARKED}</Message></Error><RequestId>${requestId}</RequestId></ErrorResponse>`,
    );
    expect(headerValue(rendered.headers, "content-type")).toBe("text/xml");
    expect(headerValue(rendered.headers, "x-amzn-requestid")).toBe(requestId);
  });

  test("of a REST-XML service", () => {
    expect(text(render(denied, requests.restXml))).toContain(
      '<ErrorResponse xmlns="https://route53.amazonaws.com/doc/2013-04-01/"><Error><Type>Sender</Type>',
    );
  });

  test("of EC2", () => {
    const rendered = render(denied, requests.ec2Query);
    expect(text(rendered)).toBe(
      `<?xml version="1.0" encoding="UTF-8"?>\n<Response><Errors><Error><Code>UnauthorizedOperation</Code><Message>You are not authorized to perform this operation. ${MARKED}</Message></Error></Errors><RequestID>${requestId}</RequestID></Response>`,
    );
    expect(headerValue(rendered.headers, "content-type")).toBe("text/xml;charset=UTF-8");
  });

  test.each([
    ["1.0", requests.awsJson1_0],
    ["1.1", requests.awsJson1_1],
  ])("of a JSON %s service", (version, request) => {
    const rendered = render(denied, request);
    expect(JSON.parse(text(rendered))).toEqual({
      __type: "com.amazon.coral.service#AccessDeniedException",
      Message: MARKED,
    });
    expect(headerValue(rendered.headers, "content-type")).toBe(`application/x-amz-json-${version}`);
  });

  test("of a REST-JSON service", () => {
    const rendered = render(denied, requests.restJson1);
    expect(JSON.parse(text(rendered))).toEqual({ Message: MARKED });
    expect(headerValue(rendered.headers, "x-amzn-errortype")).toBe("AccessDeniedException");
    expect(headerValue(rendered.headers, "content-type")).toBe("application/json");
  });

  test("of a CBOR service", () => {
    const rendered = render(new AwsError("AccessDenied", `é${requestId}`), requests.rpcV2Cbor);
    const type = Buffer.from("com.amazon.coral.service#AccessDeniedException");
    const message = Buffer.from(`é${requestId}`);
    expect(Buffer.from(rendered.body)).toEqual(
      Buffer.concat([
        Buffer.from([0xa2, 0x66]),
        Buffer.from("__type"),
        Buffer.from([0x78, type.length]),
        type,
        Buffer.from([0x67]),
        Buffer.from("message"),
        Buffer.from([0x78, message.length]),
        message,
      ]),
    );
    expect(headerValue(rendered.headers, "smithy-protocol")).toBe("rpc-v2-cbor");
    expect(headerValue(rendered.headers, "content-type")).toBe("application/cbor");
  });

  test("that names its decision already is not marked twice", () => {
    const named = new AwsError("AccessDenied", `Denied by ${requestId}`);
    expect(text(render(named))).toContain(`<Message>Denied by ${requestId}</Message>`);
  });
});

describe("every answer", () => {
  const causes: AwsErrorCause[] = ["AccessDenied", "RequestTimeTooSkewed", "SignatureDoesNotMatch", "InternalFailure"];
  test.each(Object.entries(requests))("in %s has its id, the exact date and its length", (_, request) => {
    for (const cause of causes) {
      const { headers, body } = render(new AwsError(cause, "é"), request);
      expect(headerValue(headers, "x-iap-decision-id")).toBe(requestId);
      expect(headerValue(headers, "date")).toBe("Mon, 23 Nov 2026 12:34:56 GMT");
      expect(headerValue(headers, "content-length")).toBe(String(body.length));
      expect(headerValue(headers, "server")).toBeUndefined();
    }
  });

  test.each(Object.entries(requests))("in %s has an Age when it is a denial, and only then", (_, request) => {
    expect(headerValue(render(denied, request).headers, "age")).toBe("0");
    for (const cause of causes.slice(1)) {
      expect(headerValue(render(new AwsError(cause, "x"), request).headers, "age")).toBeUndefined();
    }
  });

  test.each(Object.entries(requests))("in %s to HEAD has no body, and its id in a header", (_, request) => {
    const { status, headers, body } = render(denied, { ...request, method: "HEAD" });
    expect(body).toHaveLength(0);
    expect([400, 403]).toContain(status);
    expect(headerValue(headers, "content-length")).toBe("0");
    expect(headerValue(headers, "x-iap-decision-id")).toBe(requestId);
  });
});

describe("a query-compatible client", () => {
  const compatible = (request = requests.awsJson1_0) => ({
    ...request,
    headers: [...request.headers, ["x-amzn-query-mode", "true"] as const],
  });

  test.each([requests.awsJson1_0, requests.rpcV2Cbor])("is told the code of the query protocol", (request) => {
    const { headers } = render(denied, compatible(request));
    expect(headerValue(headers, "x-amzn-query-error")).toBe("AccessDenied;Sender");
    const unavailable = render(new AwsError("ServiceUnavailable", "x"), compatible(request));
    expect(headerValue(unavailable.headers, "x-amzn-query-error")).toBe("ServiceUnavailable;Receiver");
  });

  test("is one that says so", () => {
    expect(headerValue(render(denied, requests.awsJson1_0).headers, "x-amzn-query-error")).toBeUndefined();
    expect(headerValue(render(denied, compatible(requests.restJson1)).headers, "x-amzn-query-error")).toBeUndefined();
  });
});

describe("details", () => {
  const mismatch = new AwsError("SignatureDoesNotMatch", "The signature does not match.", {
    details: {
      AWSAccessKeyId: "ASIAEXAMPLE",
      StringToSign: "AWS4-HMAC-SHA256\nx",
      SignatureProvided: "00",
      CanonicalRequest: "GET\n/\xc3\xa9",
    },
  });

  test("are elements of S3's document, the texts that were signed also as bytes", () => {
    expect(text(render(mismatch, requests.s3))).toContain(
      "<AWSAccessKeyId>ASIAEXAMPLE</AWSAccessKeyId><StringToSign>AWS4-HMAC-SHA256\nx</StringToSign><StringToSignBytes>41 57 53 34 2d 48 4d 41 43 2d 53 48 41 32 35 36 0a 78</StringToSignBytes><SignatureProvided>00</SignatureProvided><CanonicalRequest>GET\n/é</CanonicalRequest><CanonicalRequestBytes>47 45 54 0a 2f c3 a9</CanonicalRequestBytes>",
    );
  });

  test("of a signature stand in the message of other forms", () => {
    for (const request of [requests.awsQuery, requests.awsJson1_1, requests.restJson1]) {
      const shown = text(render(mismatch, request)).replaceAll("&apos;", "'").replaceAll("\\n", "\n");
      expect(shown).toContain("The Canonical String for this request should have been\n'GET\n/é'");
      expect(shown).toContain("The String-to-Sign should have been\n'AWS4-HMAC-SHA256\nx'");
    }
  });

  test("of other errors are S3's alone", () => {
    const skewed = new AwsError("RequestTimeTooSkewed", "Too late.", {
      details: { ServerTime: "2026-11-23T12:34:56Z" },
    });
    expect(text(render(skewed, requests.s3))).toContain("<ServerTime>2026-11-23T12:34:56Z</ServerTime>");
    expect(text(render(skewed))).not.toContain("ServerTime");
    const unsigned = new AwsError("HeadersNotSigned", "Not signed", { details: { HeadersNotSigned: "x-amz-acl" } });
    expect(text(render(unsigned, requests.s3))).toContain("<HeadersNotSigned>x-amz-acl</HeadersNotSigned>");
    expect(text(render(unsigned))).toContain("<Message>Not signed: x-amz-acl</Message>");
  });

  test("with a name that is no element's are left out", () => {
    const odd = new AwsError("InvalidRequest", "x", { details: { "a b": "1", "<": "2", Good: "3" } });
    expect(text(render(odd, requests.s3))).toContain("</Message><Good>3</Good><RequestId>");
  });
});

describe("XML namespaces", () => {
  test.each([
    ["sts.amazonaws.com", undefined, "https://sts.amazonaws.com/doc/2011-06-15/"],
    ["email.us-east-1.amazonaws.com", undefined, "http://ses.amazonaws.com/doc/2010-12-01/"],
    ["monitoring.us-east-1.amazonaws.com", undefined, "http://monitoring.amazonaws.com/doc/2010-08-01/"],
    ["vpce-1-2.sns.us-east-1.vpce.amazonaws.com", undefined, "http://sns.amazonaws.com/doc/2010-03-31/"],
    ["endpoint.example", "iam", "https://iam.amazonaws.com/doc/2010-05-08/"],
    [
      "elasticloadbalancing.us-east-1.amazonaws.com",
      undefined,
      "http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/",
    ],
  ])("of %s (%s) is %s", (host, service, namespace) => {
    const request = head(host, { headers: [["Content-Type", "application/x-www-form-urlencoded"]] });
    expect(text(renderError(denied, { request, service, requestId, now }))).toContain(
      `<ErrorResponse xmlns="${namespace}">`,
    );
  });

  test("of a service that has none is left out, also when it is named like a member of every object", () => {
    const request = head("endpoint.example", { headers: [["Content-Type", "application/x-www-form-urlencoded"]] });
    expect(text(renderError(denied, { request, service: "constructor", requestId, now }))).toContain(
      "<ErrorResponse><Error>",
    );
  });
});

describe("text", () => {
  test("is escaped in XML: markup, control characters, lone surrogates", () => {
    const error = new AwsError("InvalidRequest", "<a b=\"1\" c='2'>&\r\u0000\u001b\ud800\uffff\t\n😀</a>");
    expect(text(render(error))).toContain(
      "<Message>&lt;a b=&quot;1&quot; c=&apos;2&apos;&gt;&amp;&#13;\ufffd\ufffd\ufffd\ufffd\t\n😀&lt;/a&gt;</Message>",
    );
  });

  test("of any kind makes a document that parses, in any form", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 300 }), (message) => {
        const error = new AwsError("SignatureDoesNotMatch", message, { details: { CanonicalRequest: message } });
        for (const request of [requests.awsJson1_0, requests.restJson1]) {
          expect(JSON.parse(text(render(error, request))).Message).toContain(message);
        }
        for (const request of [requests.s3, requests.awsQuery, requests.ec2Query, requests.restXml]) {
          // What is left of a well-formed document without its tags and references holds no markup.
          const stripped = text(render(error, request))
            .replace(/<[/?]?[A-Za-z][^<>]*>/g, "")
            .replace(/&(amp|lt|gt|quot|apos|#13);/g, "");
          expect(stripped).not.toMatch(/[<>&]/);
        }
      }),
    );
  });

  test.each([0, 23, 24, 255, 256, 65_535, 65_536])("of %i bytes has the shortest length in CBOR", (length) => {
    const { body } = render(new AwsError("InvalidRequest", "a".repeat(length)), requests.rpcV2Cbor);
    const bytes = Buffer.from(body);
    const at = bytes.indexOf("message") + 7;
    const expected =
      length < 24
        ? [0x60 + length]
        : length < 256
          ? [0x78, length]
          : length < 65_536
            ? [0x79, length >> 8, length & 255]
            : [0x7a, 0, 1, 0, 0];
    expect([...bytes.subarray(at, bytes.length - length)]).toEqual(expected);
  });
});

test.each([
  ["/k?X-Amz-Algorithm=AWS4-HMAC-SHA256", true],
  ["/k?x=1&X-Amz-Signature=0", true],
  ["/k?X-Amz-Credential=a", true],
  ["/k?AWSAccessKeyId=a&Signature=b&Expires=1", false],
  ["/k?x-amz-acl=private", false],
  ["/X-Amz-Signature=0", false],
  ["/k", false],
])("%s states its authorization in its query: %s", (target, presigned) => {
  const request = { ...requests.s3, target };
  expect(isPresigned(request)).toBe(presigned);
  const rendered = render(new AwsError("MalformedAuthorization", "no"), request);
  expect(text(rendered)).toContain(
    presigned ? "<Code>AuthorizationQueryParametersError<" : "<Code>AuthorizationHeaderMalformed<",
  );
});

test("S3 Control answers in REST-XML, and names its host as S3 does", () => {
  const request = head("111122223333.s3-control.us-east-1.amazonaws.com", { method: "GET", target: "/v20180820/jobs" });
  const rendered = render(denied, request);
  const hostId = headerValue(rendered.headers, "x-amz-id-2") ?? "";
  expect(hostId).toMatch(/^[A-Za-z0-9+/=]{88}$/);
  expect(text(rendered)).toMatch(
    /^<\?xml version="1.0" encoding="UTF-8"\?>\n<ErrorResponse xmlns="http:\/\/awss3control[^"]*"><Error><Type>Sender<\/Type><Code>AccessDenied<\/Code>/,
  );
  expect(text(rendered)).toContain(`</RequestId><HostId>${hostId}</HostId></ErrorResponse>`);
  expect(text(render(denied, requests.restXml))).not.toContain("HostId");
});
