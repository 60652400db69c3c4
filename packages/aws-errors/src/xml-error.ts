import type { RenderedBody } from "./rendered-body.ts";
import { xmlText } from "./xml-text.ts";

export interface XmlErrorOptions {
  readonly requestId: string;
  /** Whether the client is at fault, rather than the service. */
  readonly sender: boolean;
  readonly namespace: string | undefined;
  /** S3 Control alone names the host that answered, as S3 does. */
  readonly hostId?: string | undefined;
}

/** The error document of the query protocol and of rest-xml. */
export function xmlError(
  code: string,
  message: string,
  { requestId, sender, namespace, hostId }: XmlErrorOptions,
): RenderedBody {
  const xmlns = namespace === undefined ? "" : ` xmlns="${xmlText(namespace)}"`;
  const type = sender ? "Sender" : "Receiver";
  const error = `<Type>${type}</Type><Code>${xmlText(code)}</Code><Message>${xmlText(message)}</Message>`;
  const host = hostId === undefined ? "" : `<HostId>${xmlText(hostId)}</HostId>`;
  return {
    content: `<?xml version="1.0" encoding="UTF-8"?>\n<ErrorResponse${xmlns}><Error>${error}</Error><RequestId>${xmlText(requestId)}</RequestId>${host}</ErrorResponse>`,
    headers: [
      ["Content-Type", "text/xml"],
      ["x-amzn-RequestId", requestId],
      ...(hostId === undefined ? [] : [["x-amz-id-2", hostId] as const]),
    ],
  };
}
