/** What Node does for itself: reading from sockets, TLS and the HTTP parser of what comes in, waiting for events. */
export const outside = "Node outside JavaScript: reading TLS, parsing HTTP";

/** The stages of a request's way, in their order; what Node does for none of them in particular comes last. */
export const stages = [
  "from the client: HTTP",
  "verify",
  "resolve",
  "decide",
  "record, and the terminal",
  "sign",
  "to AWS: HTTP",
  "to AWS: TLS and system calls",
  "from AWS: HTTP",
  "to the client: HTTP",
  "to the client: TLS and system calls",
  "pipeline",
  "memory (garbage collection)",
  outside,
];

/** Which stage a file's functions are of, the first that fits; those of no stage of their own work for their callers. */
const files = [
  [/sigv4-verify\/|cred-vendor\/|\/(inbound|call-as-signed|foreign-key-alarm)\.js/, "verify"],
  [/action-resolver\//, "resolve"],
  [/iam-evaluator\/|\/(decide|principal-context|policy-source|deny-action|guard-exceptions)\.js/, "decide"],
  [/\/(activity-log|request-story|terminal|actions-of)\.js/, "record, and the terminal"],
  [/\/sigv4\/|\/sign-upstream\.js/, "sign"],
  [/\/interceptor\/dist\/response-[^/]*\.js/, "from AWS: HTTP"],
  [/\/interceptor\/dist\/(upstream|request-text|address-guard|proxy-tunnel)[^/]*\.js/, "to AWS: HTTP"],
  [/\/proxy\/dist\//, "pipeline"],
];

const writes = new Set(["writev", "writeBuffer", "writeUtf8String", "writeLatin1String", "writeAsciiString"]);

/**
 * The stage that a sample is of.
 * @param {readonly { functionName: string, url: string }[]} stack From the innermost function outwards.
 */
export function stageOf(stack) {
  const [innermost] = stack;
  if (innermost.functionName === "(garbage collector)") return "memory (garbage collection)";
  const side = sideOf(stack);
  if (innermost.url === "" && writes.has(innermost.functionName) && side?.startsWith("to ")) {
    return side.replace("HTTP", "TLS and system calls");
  }
  return side ?? outside;
}

function sideOf(stack) {
  for (const [i, { url, functionName }] of stack.entries()) {
    if (url.includes("_http_client") || url.includes("_http_agent") || url === "node:https") {
      return /^(parserOn|socketOn|responseOn|emitFree|responseKeepAlive)/.test(functionName)
        ? "from AWS: HTTP"
        : "to AWS: HTTP";
    }
    if (url.includes("_http_server")) {
      return /^(parserOn|socketOn|onParserExecute|connectionListener)/.test(functionName)
        ? "from the client: HTTP"
        : "to the client: HTTP";
    }
    if (url.endsWith("/interceptor/dist/forward.js")) {
      return functionName === "#send" || functionName === "run" ? "to AWS: HTTP" : "to the client: HTTP";
    }
    if (
      url.endsWith("/interceptor/dist/http1-upstream.js") ||
      url.endsWith("/interceptor/dist/upstream-connection.js")
    ) {
      return /^(on[A-Z]|#finish|#idleMs|finish|keep|rest)/.test(functionName) ? "from AWS: HTTP" : "to AWS: HTTP";
    }
    if (url.endsWith("/interceptor/dist/http1-exchange.js")) {
      return /^(writeHead|finish|respond|#withClose)$/.test(functionName)
        ? "to the client: HTTP"
        : functionName === "forward"
          ? "to AWS: HTTP"
          : "from the client: HTTP";
    }
    const stage = files.find(([pattern]) => pattern.test(url))?.[1];
    // The verifier makes signatures as the signer does.
    if (stage === "sign" && stack.slice(i).some((frame) => frame.url.includes("sigv4-verify/"))) return "verify";
    if (stage !== undefined) return stage;
    if (url.includes("/interceptor/")) return "from the client: HTTP";
  }
  return stack.some(({ url }) => url !== "") ? "from the client: HTTP" : undefined;
}
