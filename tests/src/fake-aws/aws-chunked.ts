export interface AwsChunk {
  readonly data: Buffer;
  /** The `chunk-signature` extension, if the chunk carries one. */
  readonly signature: string | undefined;
}

export interface AwsChunkedBody {
  /** Every chunk in order, the empty last one too. */
  readonly chunks: readonly AwsChunk[];
  /** Trailer lines in order, names as they stood. */
  readonly trailers: readonly (readonly [name: string, value: string])[];
}

/**
 * Takes the `aws-chunked` content coding off a body, strictly: exact sizes, CRLF, nothing after the end.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming-trailers.html
 */
export function decodeAwsChunked(body: Buffer): AwsChunkedBody {
  const chunks: AwsChunk[] = [];
  let at = 0;
  const line = (): string => {
    const end = body.indexOf("\r\n", at, "latin1");
    if (end < 0) throw new Error(`aws-chunked: no line end after byte ${at}`);
    const text = body.toString("latin1", at, end);
    at = end + 2;
    return text;
  };
  for (;;) {
    const head = line();
    const match = /^([0-9a-fA-F]+)(?:;chunk-signature=([0-9a-f]{64}))?$/.exec(head);
    if (!match) throw new Error(`aws-chunked: bad chunk head ${JSON.stringify(head.slice(0, 120))}`);
    const size = Number.parseInt(match[1] as string, 16);
    if (at + size > body.length) throw new Error(`aws-chunked: a chunk of ${size} bytes is cut short`);
    chunks.push({ data: body.subarray(at, at + size), signature: match[2] });
    at += size;
    if (size === 0) break;
    if (body.toString("latin1", at, at + 2) !== "\r\n") throw new Error("aws-chunked: no CRLF after a chunk");
    at += 2;
  }
  const trailers: [string, string][] = [];
  for (;;) {
    const text = line();
    if (text === "") break;
    const colon = text.indexOf(":");
    if (colon < 1) throw new Error(`aws-chunked: bad trailer ${JSON.stringify(text.slice(0, 120))}`);
    trailers.push([text.slice(0, colon), text.slice(colon + 1).trim()]);
  }
  if (at !== body.length) throw new Error(`aws-chunked: ${body.length - at} bytes after the end`);
  return { chunks, trailers };
}
