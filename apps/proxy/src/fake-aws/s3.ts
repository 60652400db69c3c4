import { hash, randomBytes } from "node:crypto";
import { type HeaderLine, headerValue } from "@iap/aws-core";
import type { FakeService, FakeServiceAnswer, FakeServiceRequest } from "./fake-service.ts";
import { ServiceError } from "./service-error.ts";
import { xmlText } from "./xml-text.ts";

interface StoredObject {
  readonly body: Buffer;
  readonly contentType: string;
  readonly etag: string;
  readonly modified: Date;
}

type Bucket = Map<string, StoredObject>;

const prolog = '<?xml version="1.0" encoding="UTF-8"?>\n';
const xml: HeaderLine = ["Content-Type", "application/xml"];

/** S3 in memory: CreateBucket, PutObject, GetObject, DeleteObject, ListObjectsV2; virtual-hosted and path style. */
export class FakeS3 {
  readonly #buckets = new Map<string, Bucket>();

  /** The content of an object. */
  object(bucket: string, key: string): Buffer | undefined {
    return this.#buckets.get(bucket)?.get(key)?.body;
  }

  readonly service: FakeService = (request) => {
    const requestId = randomBytes(8).toString("hex").toUpperCase();
    try {
      const { status, headers, body } = this.#answer(request);
      return { status, headers: [...headers, ["x-amz-request-id", requestId]], body };
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error;
      const { status, code, message } = error;
      return {
        status,
        headers: [xml, ["x-amz-request-id", requestId]],
        body: `${prolog}<Error><Code>${code}</Code><Message>${xmlText(message)}</Message><RequestId>${requestId}</RequestId></Error>`,
      };
    }
  };

  #answer(request: FakeServiceRequest): FakeServiceAnswer {
    const { bucket, key } = locate(request);
    switch (operationOf(request, bucket, key)) {
      case "CreateBucket":
        // In us-east-1 a bucket that one owns already is made again without an error.
        if (!this.#buckets.has(bucket)) this.#buckets.set(bucket, new Map());
        return { status: 200, headers: [["Location", `/${bucket}`]], body: "" };
      case "PutObject": {
        const contentType = headerValue(request.headers, "content-type") ?? "binary/octet-stream";
        const etag = `"${hash("md5", request.body)}"`;
        this.#bucket(bucket).set(key, { body: request.body, contentType, etag, modified: new Date() });
        return { status: 200, headers: [["ETag", etag]], body: "" };
      }
      case "GetObject": {
        const object = this.#bucket(bucket).get(key);
        if (object === undefined) throw new ServiceError(404, "NoSuchKey", "The specified key does not exist.");
        const { body, contentType, etag, modified } = object;
        const headers: readonly HeaderLine[] = [
          ["Content-Type", contentType],
          ["ETag", etag],
          ["Last-Modified", modified.toUTCString()],
        ];
        return { status: 200, headers, body };
      }
      case "DeleteObject":
        this.#bucket(bucket).delete(key);
        return { status: 204, headers: [], body: "" };
      case "ListObjectsV2":
        return { status: 200, headers: [xml], body: listing(bucket, this.#bucket(bucket), request.query) };
      default:
        throw new ServiceError(501, "NotImplemented", "The fake S3 does not have this operation.");
    }
  }

  #bucket(name: string): Bucket {
    const bucket = this.#buckets.get(name);
    if (bucket === undefined) throw new ServiceError(404, "NoSuchBucket", "The specified bucket does not exist.");
    return bucket;
  }
}

function locate({ endpoint, path }: FakeServiceRequest): { readonly bucket: string; readonly key: string } {
  const segments = path.slice(1).split("/");
  const bucket = endpoint.s3?.style === "virtual" ? endpoint.s3.bucket : segments.shift();
  try {
    return { bucket: decodeURIComponent(bucket ?? ""), key: decodeURIComponent(segments.join("/")) };
  } catch {
    throw new ServiceError(400, "InvalidURI", "Couldn't parse the specified URI.");
  }
}

/** A parameter or header that would make it another operation makes it one that is not here. */
function operationOf({ method, query, headers }: FakeServiceRequest, bucket: string, key: string): string | undefined {
  const parameters = new Set(query.keys());
  parameters.delete("x-id");
  if (bucket === "" || headerValue(headers, "x-amz-copy-source") !== undefined) return undefined;
  if (key === "" && method === "GET" && query.get("list-type") === "2") {
    parameters.delete("list-type");
    parameters.delete("prefix");
    return parameters.size === 0 ? "ListObjectsV2" : undefined;
  }
  if (parameters.size > 0) return undefined;
  if (key === "") return method === "PUT" ? "CreateBucket" : undefined;
  return { PUT: "PutObject", GET: "GetObject", DELETE: "DeleteObject" }[method];
}

function listing(name: string, bucket: Bucket, query: URLSearchParams): string {
  const prefix = query.get("prefix") ?? "";
  const contents = [...bucket]
    .filter(([key]) => key.startsWith(prefix))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(
      ([key, { body, etag, modified }]) =>
        `<Contents><Key>${xmlText(key)}</Key><LastModified>${modified.toISOString()}</LastModified><ETag>${xmlText(etag)}</ETag><Size>${body.length}</Size><StorageClass>STANDARD</StorageClass></Contents>`,
    );
  const counts = `<KeyCount>${contents.length}</KeyCount><MaxKeys>1000</MaxKeys><IsTruncated>false</IsTruncated>`;
  return `${prolog}<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>${xmlText(name)}</Name><Prefix>${xmlText(prefix)}</Prefix>${counts}${contents.join("")}</ListBucketResult>`;
}
