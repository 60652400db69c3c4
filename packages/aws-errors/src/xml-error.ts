import type { RenderedBody } from "./rendered-body.ts";
import { xmlText } from "./xml-text.ts";

/** The error document of the query protocol and of rest-xml. */
export function xmlError(
  code: string,
  message: string,
  { requestId, sender, namespace }: { requestId: string; sender: boolean; namespace: string | undefined },
): RenderedBody {
  const xmlns = namespace === undefined ? "" : ` xmlns="${xmlText(namespace)}"`;
  const type = sender ? "Sender" : "Receiver";
  const error = `<Type>${type}</Type><Code>${xmlText(code)}</Code><Message>${xmlText(message)}</Message>`;
  return {
    content: `<?xml version="1.0" encoding="UTF-8"?>\n<ErrorResponse${xmlns}><Error>${error}</Error><RequestId>${xmlText(requestId)}</RequestId></ErrorResponse>`,
    headers: [
      ["Content-Type", "text/xml"],
      ["x-amzn-RequestId", requestId],
    ],
  };
}
