/** An upstream's answer that is not plain HTTP/1.1: where it ends cannot be told for sure, so nothing of it is believed. */
export class ResponseFault extends Error {
  override readonly name = "ResponseFault";
  readonly code = "ERR_MALFORMED_ANSWER";
}
