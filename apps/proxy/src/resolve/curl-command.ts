import type { AwsRequest, CredentialScope } from "@iap/aws-core";
import { UsageError } from "../usage-error.ts";

/** The request a curl command makes, and the scope that its `--aws-sigv4` asks for. */
export interface CurlRequest {
  readonly request: AwsRequest;
  readonly scope?: CredentialScope | undefined;
}

/** Options of curl that take a value and do not change the request. */
const ignoredWithValue = new Set(
  "-o --output -u --user -m --max-time --connect-timeout --retry --cacert --cert --key -x --proxy -w --write-out --resolve -c --cookie-jar -D --dump-header --limit-rate --proto --tlsv1.2 -E".split(
    " ",
  ),
);

/** Reads a curl command line as a shell would split it. Throws `UsageError` for what it cannot tell. */
export function readCurlCommand(text: string): CurlRequest {
  const words = splitWords(text);
  if (words[0] !== "curl") throw new UsageError("the command does not begin with curl");
  let method: string | undefined;
  let url: string | undefined;
  let sigv4: string | undefined;
  let inQuery = false;
  const headers: (readonly [string, string])[] = [];
  const data: string[] = [];
  for (let i = 1; i < words.length; i++) {
    const [option, joined] = optionOf(words[i] as string);
    const value = (): string => {
      if (joined !== undefined) return joined;
      i++;
      const next = words[i];
      if (next === undefined) throw new UsageError(`curl: ${option} has no value`);
      return next;
    };
    if (!option.startsWith("-") || option === "--url") {
      if (url !== undefined) throw new UsageError("the curl command has two URLs, and so makes two requests");
      url = option === "--url" ? value() : option;
    } else if (option === "-X" || option === "--request") method = value();
    else if (option === "-H" || option === "--header") headers.push(readHeader(value()));
    else if (option === "-A" || option === "--user-agent") headers.push(["User-Agent", value()]);
    else if (option === "--aws-sigv4") sigv4 = value();
    else if (option === "-I" || option === "--head") method ??= "HEAD";
    else if (option === "-G" || option === "--get") inQuery = true;
    else if (["-d", "--data", "--data-raw", "--data-binary", "--data-ascii", "--json"].includes(option)) {
      const given = value();
      if (given.startsWith("@") && option !== "--data-raw") {
        throw new UsageError(`curl: ${option} ${given} reads a file: give its content instead`);
      }
      data.push(given);
      if (option === "--json") headers.push(["Content-Type", "application/json"]);
    } else if (ignoredWithValue.has(option)) value();
    else if (
      !/^(?:-[sSvkLfigN#]+|--(?:silent|show-error|verbose|insecure|location|fail|include|compressed|http1\.1|http2|globoff|no-buffer|path-as-is|fail-with-body))$/.test(
        option,
      )
    ) {
      throw new UsageError(`curl: the option ${option} is not known here`);
    }
  }
  const [, authority, rest] = /^(?:https?:\/\/)?([^/?#]+)([^#]*)/s.exec(url ?? "") ?? [];
  if (authority === undefined || rest === undefined) throw new UsageError("the curl command names no URL");
  const body = inQuery ? "" : data.join("&");
  const path = rest.startsWith("/") ? rest : `/${rest}`;
  const target = inQuery && data.length > 0 ? `${path}${path.includes("?") ? "&" : "?"}${data.join("&")}` : path;
  const isForm = !inQuery && data.length > 0 && !headers.some(([name]) => /^content-type$/i.test(name));
  return {
    request: {
      httpVersion: "1.1",
      method: method ?? (inQuery || data.length === 0 ? "GET" : "POST"),
      target: Buffer.from(target, "utf8").toString("latin1"),
      headers: isForm ? [...headers, ["Content-Type", "application/x-www-form-urlencoded"]] : headers,
      host: authority
        .replace(/^[^@]*@/, "")
        .toLowerCase()
        .replace(/:443$/, ""),
      body: Buffer.from(body, "utf8"),
    },
    ...(sigv4 === undefined ? {} : { scope: readSigv4(sigv4) }),
  };
}

/** `--header=x`, `-XPOST`: an option with its value in the same word. */
function optionOf(word: string): readonly [option: string, value: string | undefined] {
  const long = /^(--[a-z0-9.-]+)=(.*)$/s.exec(word);
  if (long !== null) return [long[1] as string, long[2]];
  const short = /^(-[XHdAoum])(.+)$/s.exec(word);
  return short === null ? [word, undefined] : [short[1] as string, short[2]];
}

function readHeader(text: string): readonly [string, string] {
  const colon = text.indexOf(":");
  if (colon <= 0) throw new UsageError(`curl: ${JSON.stringify(text)} is not a header (Name: value)`);
  return [text.slice(0, colon).trim(), text.slice(colon + 1).trim()];
}

/** `aws:amz:REGION:SERVICE` */
function readSigv4(text: string): CredentialScope {
  const [, , region, service] = text.split(":");
  if (!region || !service)
    throw new UsageError("curl: --aws-sigv4 does not name region and service (aws:amz:eu-west-1:s3)");
  return { date: "20260101", region, service };
}

/** Words as a POSIX shell splits them: quotes, backslashes, continued lines and `$'…'`. Nothing is expanded. */
function splitWords(text: string): readonly string[] {
  const words: string[] = [];
  let word: string | undefined;
  for (let i = 0; i < text.length; i++) {
    const char = text[i] as string;
    if (char === "\\") {
      i++;
      if (text[i] === "\r" && text[i + 1] === "\n") i++;
      else if (text[i] !== "\n") word = (word ?? "") + (text[i] ?? "");
    } else if (char === "'" || (char === "$" && text[i + 1] === "'")) {
      const escaped = char === "$";
      if (escaped) i++;
      let end = i + 1;
      while (end < text.length && text[end] !== "'") end += escaped && text[end] === "\\" ? 2 : 1;
      if (end >= text.length) throw new UsageError("a quote of the command does not end");
      const inside = text.slice(i + 1, end);
      word = (word ?? "") + (escaped ? unescapedAnsi(inside) : inside);
      i = end;
    } else if (char === '"') {
      word ??= "";
      for (i++; text[i] !== '"'; i++) {
        if (i >= text.length) throw new UsageError("a quote of the command does not end");
        if (text[i] === "\\" && /["\\$`\n]/.test(text[i + 1] ?? "")) i++;
        else if (text[i] === "$" || text[i] === "`")
          throw new UsageError("the command holds a shell expansion: write its value instead");
        if (text[i - 1] !== "\\" || text[i] !== "\n") word += text[i];
      }
    } else if (/\s/.test(char)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else if (char === "$" || char === "`")
      throw new UsageError("the command holds a shell expansion: write its value instead");
    else word = (word ?? "") + char;
  }
  if (word !== undefined) words.push(word);
  return words;
}

function unescapedAnsi(text: string): string {
  const named: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t" };
  return text.replace(
    /\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|(.))/gs,
    (_, unicode?: string, hex?: string, char = "") =>
      unicode !== undefined || hex !== undefined
        ? String.fromCharCode(Number.parseInt((unicode ?? hex) as string, 16))
        : (named[char] ?? char),
  );
}
