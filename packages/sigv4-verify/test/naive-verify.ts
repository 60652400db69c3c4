import { createHash, createHmac } from "node:crypto";
import type { AwsRequest, Credentials } from "@iap/aws-core";

/**
 * Signature Version 4 once more, as the IAM guide's "Create a signed AWS API request" reads, without a line of ours: whether a
 * request in the header or query form, whose body is hashed or unsigned, is one that these credentials have signed. Undefined
 * for other forms. It judges no clock.
 */
export function naiveVerify(request: AwsRequest, credentials: Credentials): boolean | undefined {
  const { method, target, headers, body } = request;
  const valuesOf = (name: string): string[] =>
    headers.filter(([key]) => key.toLowerCase() === name).map(([, value]) => trimmed(value));
  const [path = "", ...rest] = target.split("?");
  const parameters = rest
    .join("?")
    .split("&")
    .filter((piece) => piece !== "")
    .map((piece) => {
      const [name = "", ...value] = piece.split("=");
      return [decoded(name), decoded(value.join("="))] as const;
    });
  const inQuery = (name: string): string[] => parameters.filter(([key]) => key === name).map(([, value]) => value);
  const authorization = valuesOf("authorization");
  const ofUrl = parameters.filter(([name]) => QUERY_NAMES.includes(name.toLowerCase()));
  const others = ["x-amz-s3session-token", "x-amz-region-set"].some((name) => valuesOf(name).length > 0);
  if (
    others ||
    ["AWSAccessKeyId", "X-Amz-S3session-Token", "X-Amz-Region-Set"].some((name) => inQuery(name).length > 0)
  ) {
    return undefined;
  }

  const stated = valuesOf("x-amz-content-sha256");
  const bodyHash = sha256(body ?? Buffer.alloc(0));
  let parts: Readonly<Record<string, string | undefined>>;
  let payload = stated[0];
  if (authorization.length > 0) {
    if (authorization.length > 1 || ofUrl.length > 0) return false;
    const [, text] = /^AWS4-HMAC-SHA256[ \t]+(.*)$/s.exec(authorization[0] as string) ?? [];
    if (text === undefined) return undefined;
    const pairs = text.split(",").map((part) => /^[ \t]*(\w+)=(.*?)[ \t]*$/s.exec(part));
    if (pairs.some((pair) => pair === null) || new Set(pairs.map((pair) => pair?.[1])).size !== 3) return false;
    parts = Object.fromEntries(pairs.map((pair) => [pair?.[1], pair?.[2]]));
    if (pairs.length !== 3) return false;
    const dates = valuesOf("x-amz-date");
    if (dates.length === 0) return undefined;
    parts = { ...parts, Date: dates.length === 1 ? dates[0] : undefined };
    payload ??= bodyHash;
  } else {
    if (ofUrl.length === 0) return false;
    if (inQuery("X-Amz-Algorithm").join() !== "AWS4-HMAC-SHA256") return undefined;
    if (new Set(ofUrl.map(([name]) => name.toLowerCase())).size !== ofUrl.length) return false;
    if (ofUrl.some(([name]) => !/^X-Amz-[A-Z0-9][A-Za-z0-9-]*$/.test(name) || /-[a-z]/.test(name))) return false;
    const [seconds = ""] = inQuery("X-Amz-Expires");
    if (!/^\d{1,6}$/.test(seconds) || Number(seconds) < 1 || Number(seconds) > 604_800) return false;
    const of = (name: string): string | undefined => inQuery(`X-Amz-${name}`)[0];
    parts = {
      Credential: of("Credential"),
      SignedHeaders: of("SignedHeaders"),
      Signature: of("Signature"),
      Date: of("Date"),
    };
    const inUrl = of("Content-Sha256");
    if (inUrl !== undefined && payload !== undefined && inUrl !== payload) return false;
    payload = inUrl ?? payload;
  }

  const { Credential = "", SignedHeaders = "", Signature = "", Date: date = "" } = parts;
  const [accessKeyId, day = "", region = "", service = "", end, ...more] = Credential.split("/");
  const tokens = [...valuesOf("x-amz-security-token"), ...inQuery("X-Amz-Security-Token")];
  if (accessKeyId !== credentials.accessKeyId || end !== "aws4_request" || more.length > 0) return false;
  if (!/^[A-Za-z0-9-]{1,64}$/.test(region) || !/^[A-Za-z0-9-]{1,64}$/.test(service)) return false;
  if (!/^\d{8}T\d{6}Z$/.test(date) || !date.startsWith(day) || day.length !== 8) return false;
  if (valuesOf("x-amz-security-token").length > 1 || stated.length > 1) return false;
  if (tokens.length === 0 || tokens.some((token) => token !== credentials.sessionToken)) return false;
  const s3 = ["s3", "s3express", "s3-object-lambda", "s3-outposts"].includes(service);
  payload ??= s3 ? "UNSIGNED-PAYLOAD" : bodyHash;
  if (payload.startsWith("STREAMING-")) return undefined;
  if (payload !== "UNSIGNED-PAYLOAD" && payload !== bodyHash) return false;

  const names = SignedHeaders.split(";");
  if (!names.includes("host") || valuesOf("host").length !== 1) return false;
  if (names.some((name, i) => !/^[a-z0-9!#$%&'*+.^_`|~-]+$/.test(name) || (i > 0 && (names[i - 1] as string) >= name)))
    return false;
  if (names.some((name) => valuesOf(name).length === 0)) return false;
  const unsigned = headers
    .map(([name]) => name.toLowerCase())
    .filter((name) => name.startsWith("x-amz-") && !names.includes(name));
  if (s3 && unsigned.some((name) => !/^x-amz-(date|security-token|content-sha256|user-agent)$/.test(name)))
    return false;

  const canonicalHeaders = names.map((name) => `${name}:${valuesOf(name).map(folded).join(",")}\n`).join("");
  const canonicalPath = s3
    ? path
        .split("/")
        .map((segment) => encoded(decoded(segment)))
        .join("/")
    : encoded(normalised(path), "/");
  const query = parameters
    .filter(([name]) => name !== "X-Amz-Signature")
    .map(([name, value]) => [encoded(name), encoded(value)] as const)
    .sort(([a, x], [b, y]) => (a < b ? -1 : a > b ? 1 : x < y ? -1 : x > y ? 1 : 0));
  const isMade = (canonicalQuery: string): boolean => {
    const lines = [method, canonicalPath || "/", canonicalQuery, canonicalHeaders, SignedHeaders, payload];
    const canonical = Buffer.from(lines.join("\n"), "latin1");
    const key = [day, region, service, "aws4_request"].reduce<string | Buffer>(
      hmac,
      `AWS4${credentials.secretAccessKey}`,
    );
    const toSign = `AWS4-HMAC-SHA256\n${date}\n${day}/${region}/${service}/aws4_request\n${sha256(canonical)}`;
    return hmac(key, toSign).toString("hex") === Signature;
  };
  const joined = (all: typeof query): string => all.map((pair) => pair.join("=")).join("&");
  // Other services than S3 may have the token behind the signature ("Add the signature to the request").
  const before = query.filter(([name]) => name !== "X-Amz-Security-Token");
  return isMade(joined(query)) || (authorization.length === 0 && !s3 && isMade(joined(before)));
}

const QUERY_NAMES = [
  "algorithm",
  "credential",
  "date",
  "expires",
  "signedheaders",
  "signature",
  "security-token",
  "content-sha256",
].map((name) => `x-amz-${name}`);

function trimmed(value: string): string {
  return value.replace(/^[ \t]+/, "").replace(/[ \t]+$/, "");
}

function folded(value: string): string {
  return value.replace(/[ \t\r\n]+/g, " ").replace(/^ | $/g, "");
}

function decoded(text: string): string {
  return text.replace(/%([0-9a-fA-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

function encoded(text: string, kept = ""): string {
  return Array.from(text, (char) =>
    /[A-Za-z0-9._~-]/.test(char) || char === kept
      ? char
      : `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`,
  ).join("");
}

function normalised(path: string): string {
  const kept: string[] = [];
  for (const segment of path.split("/")) {
    if (segment === "..") kept.pop();
    else if (segment !== "" && segment !== ".") kept.push(segment);
  }
  return `/${kept.join("/")}${kept.length > 0 && path.endsWith("/") ? "/" : ""}`;
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac("sha256", key).update(text, "latin1").digest();
}
