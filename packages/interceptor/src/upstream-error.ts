/** Why no answer came from upstream. `message` names the host and says what to look at. */
export class UpstreamError extends Error {
  override readonly name = "UpstreamError";
  /** `connect`: before a trusted TLS connection stood; `exchange`: on it. */
  readonly stage: "connect" | "exchange";

  constructor(stage: "connect" | "exchange", message: string, options?: ErrorOptions) {
    super(message, options);
    this.stage = stage;
  }
}

/** An error of Node's sockets in words that say what to look at. */
export function explanation(error: NodeJS.ErrnoException): string {
  const { code = "", message } = error;
  switch (code) {
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return "its name does not resolve; check the region in the host name and this machine's DNS";
    case "ECONNREFUSED":
      return "the connection was refused";
    case "ECONNRESET":
    case "EPIPE":
      return "the connection was closed before an answer came";
    case "ETIMEDOUT":
      return `timed out${message === "" ? "" : `: ${message}`}`;
    case "ERR_TLS_CERT_ALTNAME_INVALID":
      return `its certificate is for another name (${message}); check what its name resolves to`;
  }
  if (/CERT|SIGNED|^UNABLE_TO/.test(code)) {
    return `its certificate is not trusted (${code}: ${message}); name your own authority with --upstream-ca`;
  }
  // Several addresses that all failed make an error without a message.
  return message === "" ? code : message;
}
