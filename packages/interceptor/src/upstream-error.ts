/** Why no answer came from upstream. `message` names the host and says what to look at. */
export class UpstreamError extends Error {
  override readonly name = "UpstreamError";
  /** `connect`: before a trusted TLS connection stood; `exchange`: on it. */
  readonly stage: "connect" | "exchange";
  /**
   * Whether it is so until somebody changes something, and asking again is in vain: upstream's certificate is not trusted,
   * its address is one that is refused, or a proxy on the way does not let it pass.
   */
  readonly lasting: boolean;

  constructor(stage: "connect" | "exchange", message: string, options?: ErrorOptions) {
    super(message, options);
    this.stage = stage;
    this.lasting = isLasting(options?.cause);
  }
}

function isLasting(cause: unknown): boolean {
  for (let error = cause; error instanceof Error; error = error.cause) {
    const { code = "" } = error as NodeJS.ErrnoException;
    if (code === "ERR_ADDRESS_REFUSED" || code === "ERR_PROXY_REFUSED" || ofCertificate.test(code)) return true;
  }
  return false;
}

/** The codes of Node's for a certificate that is not accepted (OpenSSL's names, and `ERR_TLS_CERT_ALTNAME_INVALID`). */
const ofCertificate = /CERT|SIGNED|^UNABLE_TO/;

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
  if (ofCertificate.test(code)) {
    return `its certificate is not trusted (${code}: ${message}); name your own authority with --upstream-ca`;
  }
  // Several addresses that all failed make an error without a message.
  return message === "" ? code : message;
}
