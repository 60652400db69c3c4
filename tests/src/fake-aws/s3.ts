import { createHash, randomBytes, randomUUID } from "node:crypto";
import { sessionCredentials } from "../test-credentials.ts";
import { attempt, xmlElements, xmlText } from "./answers.ts";
import { type Service, ServiceError, type ServiceRequest } from "./service.ts";
import type { RealCredentials } from "./signature-oracle.ts";

interface StoredObject {
  readonly body: Buffer;
  readonly etag: string;
  readonly modified: Date;
  readonly headers: Readonly<Record<string, string>>;
}
interface Upload {
  readonly key: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly parts: Map<number, { readonly body: Buffer; readonly md5: Buffer }>;
}
/** A session at one directory bucket. */
export interface ExpressSession {
  readonly bucket: string;
  readonly credentials: RealCredentials;
}
interface Bucket {
  readonly created: Date;
  readonly objects: Map<string, StoredObject>;
  readonly uploads: Map<string, Upload>;
}

const namespace = "http://s3.amazonaws.com/doc/2006-03-01/";
const prolog = '<?xml version="1.0" encoding="UTF-8"?>\n';
const region =
  /^(?:(?<bucket>.+)\.)?s3(?:express-[a-z0-9]+-[a-z0-9]+)?(?:\.dualstack)?(?:[.-](?<region>[a-z]{2}(?:-[a-z]+)+-\d))?\.amazonaws\.com$/;

/** S3 in memory: buckets, objects with Range and checksums, copies, multipart uploads; virtual-hosted and path style. */
export class FakeS3 {
  readonly #buckets = new Map<string, Bucket>();
  readonly #throttled = new Set<string>();
  /** Sessions at directory buckets (S3 Express), as CreateSession gave them. */
  readonly sessions: ExpressSession[] = [];
  /** How long they live. */
  sessionSeconds = 300;

  /** A bucket that is there already. */
  addBucket(name: string): void {
    this.#buckets.set(name, { created: new Date(), objects: new Map(), uploads: new Map() });
  }

  /** The content of an object. */
  object(bucket: string, key: string): Buffer | undefined {
    return this.#buckets.get(bucket)?.objects.get(key)?.body;
  }

  readonly service: Service = (request) => {
    const { bucket, key } = locate(request);
    const operation = operationOf(request, bucket, key);
    const headers = {
      "x-amz-request-id": randomBytes(8).toString("hex").toUpperCase(),
      "x-amz-id-2": randomBytes(48).toString("base64"),
    };
    let status = 200;
    let more: Readonly<Record<string, string>> = {};
    const answer = attempt(
      operation,
      { ...headers, "content-type": "application/xml" },
      () => {
        const done = this.#run(operation, request, bucket, key);
        status = done.status ?? 200;
        more = done.headers ?? {};
        return done.body ?? "";
      },
      ({ code, message }) =>
        `${prolog}<Error>${xmlElements({
          Code: code,
          Message: message,
          BucketName: bucket,
          RequestId: headers["x-amz-request-id"],
          HostId: headers["x-amz-id-2"],
        })}</Error>`,
    );
    if (answer.status !== 200) return answer;
    return { ...answer, status, headers: { ...answer.headers, ...more } };
  };

  #run(operation: string, request: ServiceRequest, bucketName: string, key: string): Done {
    const { query, headers, body } = request;
    if (operation === "GetObject" && key === "throttled-once" && !this.#throttled.has(bucketName)) {
      this.#throttled.add(bucketName);
      throw new ServiceError(503, "SlowDown", "Please reduce your request rate.");
    }
    if (operation === "ListBuckets") {
      const buckets = [...this.#buckets].map(
        ([Name, { created }]) => `<Bucket>${xmlElements({ Name, CreationDate: created.toISOString() })}</Bucket>`,
      );
      return {
        body: `${prolog}<ListAllMyBucketsResult xmlns="${namespace}"><Owner><ID>e2e</ID></Owner><Buckets>${buckets.join("")}</Buckets></ListAllMyBucketsResult>`,
      };
    }
    if (operation === "CreateBucket") {
      if (!this.#buckets.has(bucketName)) {
        this.#buckets.set(bucketName, { created: new Date(), objects: new Map(), uploads: new Map() });
      }
      return { headers: { location: `/${bucketName}` } };
    }
    const bucket = this.#buckets.get(bucketName);
    if (!bucket) throw new ServiceError(404, "NoSuchBucket", "The specified bucket does not exist");
    const session = this.sessions.find(({ credentials: { sessionToken } }) => sessionToken === headers[sessionHeader]);
    if (isDirectoryBucket(bucketName) && operation !== "CreateSession" && session?.bucket !== bucketName) {
      throw new ServiceError(403, "AccessDenied", "A directory bucket is used with a session of its own");
    }
    switch (operation) {
      case "CreateSession": {
        const credentials = sessionCredentials();
        this.sessions.push({ bucket: bucketName, credentials });
        const keys = xmlElements({
          SessionToken: credentials.sessionToken as string,
          SecretAccessKey: credentials.secretAccessKey,
          AccessKeyId: credentials.accessKeyId,
          Expiration: new Date(Date.now() + this.sessionSeconds * 1000).toISOString(),
        });
        return {
          body: `${prolog}<CreateSessionResult xmlns="${namespace}"><Credentials>${keys}</Credentials></CreateSessionResult>`,
        };
      }
      case "HeadBucket":
        return { headers: { "x-amz-bucket-region": request.region } };
      case "GetBucketLocation": {
        const place = request.region === "us-east-1" ? "" : request.region;
        return { body: `${prolog}<LocationConstraint xmlns="${namespace}">${place}</LocationConstraint>` };
      }
      case "DeleteBucket":
        if (bucket.objects.size > 0) throw new ServiceError(409, "BucketNotEmpty", "The bucket is not empty");
        this.#buckets.delete(bucketName);
        return { status: 204 };
      case "ListObjectsV2":
      case "ListObjects":
        return { body: listObjects(bucketName, bucket, query) };
      case "PutObject": {
        const stored = store(bucket, key, body, headers);
        return { headers: { etag: stored.etag, ...checksumHeaders(stored) } };
      }
      case "CopyObject": {
        const [from, ...rest] = decodeURIComponent(headers["x-amz-copy-source"] as string)
          .replace(/^\//, "")
          .split("/");
        const source = this.#buckets.get(from as string)?.objects.get(rest.join("/"));
        if (!source) throw new ServiceError(404, "NoSuchKey", "The specified key does not exist.");
        const stored = store(bucket, key, source.body, { ...source.headers, ...metadata(headers) });
        const result = xmlElements({ LastModified: stored.modified.toISOString(), ETag: stored.etag });
        return { body: `${prolog}<CopyObjectResult xmlns="${namespace}">${result}</CopyObjectResult>` };
      }
      case "GetObject":
      case "HeadObject":
        return getObject(bucket, key, headers, operation === "HeadObject");
      case "DeleteObject":
        bucket.objects.delete(key);
        return { status: 204 };
      case "CreateMultipartUpload": {
        const UploadId = randomUUID();
        bucket.uploads.set(UploadId, { key, headers: metadata(headers), parts: new Map() });
        const algorithm = headers["x-amz-checksum-algorithm"];
        return {
          headers: algorithm ? { "x-amz-checksum-algorithm": algorithm } : {},
          body: `${prolog}<InitiateMultipartUploadResult xmlns="${namespace}">${xmlElements({ Bucket: bucketName, Key: key, UploadId })}</InitiateMultipartUploadResult>`,
        };
      }
      case "UploadPart": {
        const md5 = createHash("md5").update(body).digest();
        upload(bucket, query).parts.set(Number(query.get("partNumber")), { body, md5 });
        const sums = Object.entries(headers).filter(([name]) => /^x-amz-checksum-(crc|sha)/.test(name));
        return { headers: { etag: `"${md5.toString("hex")}"`, ...Object.fromEntries(sums) } };
      }
      case "AbortMultipartUpload":
        upload(bucket, query);
        bucket.uploads.delete(query.get("uploadId") as string);
        return { status: 204 };
      case "CompleteMultipartUpload": {
        const { parts, headers: kept } = upload(bucket, query);
        const wanted = [...body.toString("utf8").matchAll(/<PartNumber>(\d+)<\/PartNumber>/g)].map(([, n]) =>
          Number(n),
        );
        const chosen = wanted.map((number) => parts.get(number));
        if (
          chosen.length === 0 ||
          chosen.some((part, i) => !part || (i > 0 && (wanted[i] as number) <= (wanted[i - 1] as number)))
        ) {
          throw new ServiceError(400, "InvalidPart", "One or more of the specified parts could not be found.");
        }
        const whole = chosen as { readonly body: Buffer; readonly md5: Buffer }[];
        const digest = createHash("md5")
          .update(Buffer.concat(whole.map(({ md5 }) => md5)))
          .digest("hex");
        const ETag = `"${digest}-${whole.length}"`;
        bucket.objects.set(key, {
          body: Buffer.concat(whole.map((part) => part.body)),
          etag: ETag,
          modified: new Date(),
          headers: kept,
        });
        bucket.uploads.delete(query.get("uploadId") as string);
        const result = xmlElements({ Location: `https://${request.host}/${key}`, Bucket: bucketName, Key: key, ETag });
        return {
          body: `${prolog}<CompleteMultipartUploadResult xmlns="${namespace}">${result}</CompleteMultipartUploadResult>`,
        };
      }
      default:
        throw new ServiceError(501, "NotImplemented", `No operation for ${request.method} ${request.path}?${query}`);
    }
  }
}

interface Done {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}

/** Bucket and key of a request, from its host and path. */
function locate({ host, path }: ServiceRequest): { readonly bucket: string; readonly key: string } {
  const inHost = region.exec(host)?.groups?.bucket;
  const decoded = decodeURIComponent(path.slice(1));
  if (inHost !== undefined) return { bucket: inHost, key: decoded };
  const slash = decoded.indexOf("/");
  return slash < 0 ? { bucket: decoded, key: "" } : { bucket: decoded.slice(0, slash), key: decoded.slice(slash + 1) };
}

const sessionHeader = "x-amz-s3session-token";

function isDirectoryBucket(name: string): boolean {
  return name.endsWith("--x-s3");
}

/** The region a host of S3 is in, or undefined when it is no host of S3. */
export function s3RegionOf(host: string): string | undefined {
  const match = region.exec(host);
  return match ? (match.groups?.region ?? "us-east-1") : undefined;
}

function operationOf({ method, query, headers }: ServiceRequest, bucket: string, key: string): string {
  if (bucket === "") return method === "GET" ? "ListBuckets" : "";
  if (key === "") {
    if (method === "PUT") return "CreateBucket";
    if (method === "HEAD") return "HeadBucket";
    if (method === "DELETE") return "DeleteBucket";
    if (method !== "GET") return "";
    if (query.has("location")) return "GetBucketLocation";
    if (query.has("session")) return isDirectoryBucket(bucket) ? "CreateSession" : "";
    return query.get("list-type") === "2" ? "ListObjectsV2" : "ListObjects";
  }
  const uploadId = query.has("uploadId");
  switch (method) {
    case "PUT":
      if (uploadId) return headers["x-amz-copy-source"] ? "" : "UploadPart";
      return headers["x-amz-copy-source"] ? "CopyObject" : "PutObject";
    case "POST":
      return uploadId ? "CompleteMultipartUpload" : query.has("uploads") ? "CreateMultipartUpload" : "";
    case "GET":
      return uploadId ? "" : "GetObject";
    case "HEAD":
      return "HeadObject";
    case "DELETE":
      return uploadId ? "AbortMultipartUpload" : "DeleteObject";
    default:
      return "";
  }
}

function upload(bucket: Bucket, query: URLSearchParams): Upload {
  const found = bucket.uploads.get(query.get("uploadId") ?? "");
  if (!found) throw new ServiceError(404, "NoSuchUpload", "The specified upload does not exist.");
  return found;
}

function store(bucket: Bucket, key: string, body: Buffer, headers: Readonly<Record<string, string>>): StoredObject {
  const etag = `"${createHash("md5").update(body).digest("hex")}"`;
  const sums = Object.entries(headers).filter(([name]) => /^x-amz-checksum-(crc32c?|sha1|sha256)$/.test(name));
  const stored = { body, etag, modified: new Date(), headers: { ...metadata(headers), ...Object.fromEntries(sums) } };
  bucket.objects.set(key, stored);
  return stored;
}

function metadata(headers: Readonly<Record<string, string>>): Record<string, string> {
  const kept = Object.entries(headers).filter(([name]) => name === "content-type" || name.startsWith("x-amz-meta-"));
  return Object.fromEntries(kept);
}

function checksumHeaders({ headers }: StoredObject): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => name.startsWith("x-amz-checksum-")));
}

function getObject(bucket: Bucket, key: string, asked: Readonly<Record<string, string>>, head: boolean): Done {
  const stored = bucket.objects.get(key);
  if (!stored) throw new ServiceError(404, "NoSuchKey", "The specified key does not exist.");
  const sums = asked["x-amz-checksum-mode"] === "ENABLED" && asked.range === undefined ? checksumHeaders(stored) : {};
  const headers = {
    "content-type": "binary/octet-stream",
    ...metadata(stored.headers),
    ...sums,
    etag: stored.etag,
    "last-modified": stored.modified.toUTCString(),
    "accept-ranges": "bytes",
  };
  const range = /^bytes=(\d+)-(\d*)$/.exec(asked.range ?? "");
  if (!range)
    return {
      headers: head ? { ...headers, "content-length": String(stored.body.length) } : headers,
      body: head ? "" : stored.body,
    };
  const first = Number(range[1]);
  const last = Math.min(range[2] === "" ? Number.POSITIVE_INFINITY : Number(range[2]), stored.body.length - 1);
  if (first > last) throw new ServiceError(416, "InvalidRange", "The requested range is not satisfiable");
  const body = stored.body.subarray(first, last + 1);
  return {
    status: 206,
    headers: {
      ...headers,
      "content-range": `bytes ${first}-${last}/${stored.body.length}`,
      ...(head ? { "content-length": String(body.length) } : {}),
    },
    body: head ? "" : body,
  };
}

function listObjects(Name: string, { objects }: Bucket, query: URLSearchParams): string {
  const prefix = query.get("prefix") ?? "";
  const delimiter = query.get("delimiter") ?? "";
  const encode =
    query.get("encoding-type") === "url" ? (text: string) => encodeURIComponent(text).replaceAll("%2F", "/") : xmlText;
  const contents: string[] = [];
  const prefixes = new Set<string>();
  for (const [key, { body, etag, modified }] of [...objects].sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (!key.startsWith(prefix)) continue;
    const cut = delimiter === "" ? -1 : key.indexOf(delimiter, prefix.length);
    if (cut >= 0) {
      prefixes.add(key.slice(0, cut + delimiter.length));
      continue;
    }
    const rest = xmlElements({
      LastModified: modified.toISOString(),
      ETag: etag,
      Size: body.length,
      StorageClass: "STANDARD",
    });
    contents.push(`<Contents><Key>${encode(key)}</Key>${rest}</Contents>`);
  }
  const common = [...prefixes].map((text) => `<CommonPrefixes><Prefix>${encode(text)}</Prefix></CommonPrefixes>`);
  const head = xmlElements({
    Name,
    KeyCount: contents.length + common.length,
    MaxKeys: 1000,
    IsTruncated: "false",
    EncodingType: query.get("encoding-type") ?? undefined,
  });
  return `${prolog}<ListBucketResult xmlns="${namespace}">${head}<Prefix>${encode(prefix)}</Prefix>${contents.join("")}${common.join("")}</ListBucketResult>`;
}
