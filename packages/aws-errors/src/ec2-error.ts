import type { RenderedBody } from "./rendered-body.ts";
import { xmlText } from "./xml-text.ts";

/** EC2's error document. */
export function ec2Error(code: string, message: string, requestId: string): RenderedBody {
  const error = `<Code>${xmlText(code)}</Code><Message>${xmlText(message)}</Message>`;
  return {
    content: `<?xml version="1.0" encoding="UTF-8"?>\n<Response><Errors><Error>${error}</Error></Errors><RequestID>${xmlText(requestId)}</RequestID></Response>`,
    headers: [
      ["Content-Type", "text/xml;charset=UTF-8"],
      ["x-amzn-RequestId", requestId],
    ],
  };
}
