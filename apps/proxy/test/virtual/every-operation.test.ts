import { readdirSync, readFileSync } from "node:fs";
import { Credentials, headerValue, type Protocol, parseEndpoint } from "@iap/aws-core";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { CredentialOutput } from "../../src/virtual/credential-output.ts";
import { credentialOutputs } from "../../src/virtual/credential-outputs.data.ts";
import { type AgentRequest, signedRequest, unsignedRequest } from "../agent-request.ts";
import { InterceptedPipeline } from "../intercepted-pipeline.ts";

/** A service as the tables of the resolver have it. */
interface Table {
  readonly prefix: string;
  readonly endpointPrefix: string;
  readonly protocols: readonly Protocol[];
  readonly target?: string;
  readonly versions?: readonly string[];
  readonly operations: Readonly<Record<string, string | Entry>>;
}
interface Entry {
  readonly c: unknown;
  readonly w?: readonly string[];
  readonly q?: readonly string[];
  readonly h?: readonly string[];
}

const data = new URL("../../../../packages/action-resolver/data/", import.meta.url);
const tables = readdirSync(data)
  .map((name) => JSON.parse(readFileSync(new URL(name, data), "utf8")) as Partial<Table>)
  .filter((table): table is Table => table.operations !== undefined);

const region = "eu-west-1";
/** Where a directory bucket's operation is called is told by its bucket. */
const hostsOf: Readonly<Record<string, string>> = {
  "s3express:CreateSession": "b--euw1-az1--x-s3.s3express-euw1-az1.eu-west-1.amazonaws.com",
  "s3:GetDataAccess": "123456789012.s3-control.eu-west-1.amazonaws.com",
};
/** That of S3 is called at directory buckets only, where IAM has it under their prefix. */
const operations = Object.entries(credentialOutputs).filter(([name]) => name !== "s3:CreateSession");

const real = {
  accessKeyId: "ASIASESSIONSESSION00",
  secretAccessKey: "session/secret+0000000000000000000000000",
  sessionToken: `session/token+${"0".repeat(400)}==`,
};

describe("every operation that gives temporary keys", () => {
  let proxy: InterceptedPipeline;
  beforeEach(async () => {
    const names = operations.map(([name]) => name);
    proxy = await InterceptedPipeline.open({ credentialsFrom: names, allowUnsigned: names });
  });
  afterEach(() => proxy.close());

  for (const [name, output] of operations) {
    for (const { table, protocol } of placesOf(name)) {
      test(`${name} in ${protocol} gives fake ones, behind which the real ones are`, async () => {
        const { unsigned, ...request } = requestOf(name, table, protocol);
        proxy.aws.answer = (response) => response.end(answerOf(output, protocol));
        const head = unsigned
          ? unsignedRequest(request)
          : signedRequest({ ...request, credentials: proxy.agent.credentials });
        const { status, body } = await proxy.send(head, request.body);
        const text = Buffer.from(body).toString("latin1");
        expect({ status, text }).toMatchObject({ status: 200 });
        for (const secret of Object.values(real)) expect(text).not.toContain(secret);
        const fake = keysIn(text);

        // With what came in their place the agent works on, as the session.
        proxy.aws.answer = (response) => response.end("{}");
        const next = signedRequest({
          ...{ host: "dynamodb.eu-west-1.amazonaws.com", method: "POST", service: "dynamodb", body: "{}" },
          headers: [
            ["Content-Type", "application/x-amz-json-1.0"],
            ["X-Amz-Target", "DynamoDB_20120810.ListTables"],
          ],
          credentials: new Credentials(fake),
        });
        expect(await proxy.send(next, "{}")).toMatchObject({ status: 200 });
        const { headers } = proxy.aws.seen.at(-1) ?? { headers: [] };
        expect(headerValue(headers, "authorization")).toContain(`Credential=${real.accessKeyId}/`);
        expect(headerValue(headers, "x-amz-security-token")).toBe(real.sessionToken);
        expect(proxy.decided.at(-1)?.lineage?.at(-1)).toBeDefined();
      });

      test(`${name} in ${protocol} is withheld when it has another shape`, async () => {
        const { unsigned, ...request } = requestOf(name, table, protocol);
        proxy.aws.answer = (response) => response.end(answerOf({ ...output, path: ["Elsewhere"] }, protocol));
        const head = unsigned
          ? unsignedRequest(request)
          : signedRequest({ ...request, credentials: proxy.agent.credentials });
        const { status, body } = await proxy.send(head, request.body);
        const text = Buffer.from(body).toString("latin1");
        expect({ status, text }).toMatchObject({ status: 503 });
        for (const secret of Object.values(real)) expect(text).not.toContain(secret);
        proxy.faults.length = 0;
      });
    }
  }
});

/** In which table an operation is, once for each wire form. */
function placesOf(name: string): readonly { readonly table: Table; readonly protocol: Protocol }[] {
  const [prefix = "", operation = ""] = name.split(":");
  const found = tables.filter(
    (table) =>
      (table.prefix === prefix || (prefix === "s3express" && table.prefix === "s3")) && operation in table.operations,
  );
  return found.flatMap((table) => table.protocols.map((protocol) => ({ table, protocol })));
}

function requestOf(
  name: string,
  table: Table,
  protocol: Protocol,
): Omit<AgentRequest, "credentials"> & { readonly unsigned: boolean } {
  const operation = name.split(":")[1] as string;
  const entry = table.operations[operation] as string | Entry;
  const { c, w = [], q = [], h = [] } = typeof entry === "string" ? { c: entry } : entry;
  const host = hostsOf[name] ?? `${table.endpointPrefix}.${region}.amazonaws.com`;
  const endpoint = parseEndpoint(host);
  if (endpoint === undefined) throw new Error(`${host} is no host of ${name}`);
  const of = {
    host,
    region,
    service: endpoint.signingNames[0] as string,
    unsigned: /^#(unsigned|bearer);/.test(String(c)),
  };
  const post = (type: string, body: string, headers: Record<string, string> = {}) => ({
    ...{ ...of, method: "POST", target: "/", body },
    headers: Object.entries({ "Content-Type": type, ...headers }),
  });
  switch (protocol) {
    case "awsQuery":
      return post("application/x-www-form-urlencoded", `Action=${operation}&Version=${table.versions?.[0]}`);
    case "awsJson1_0":
    case "awsJson1_1":
      return post(`application/x-amz-json-1.${protocol.at(-1)}`, "{}", {
        "X-Amz-Target": `${table.target}.${operation}`,
      });
    case "rpcV2Cbor": {
      const headers = { "Smithy-Protocol": "rpc-v2-cbor", Accept: "application/cbor" };
      const body = "\u00bf\u00ff";
      const request = post("application/cbor", "", headers);
      return {
        ...request,
        target: `/service/${table.target}/operation/${operation}`,
        body: Buffer.from(body, "latin1"),
      };
    }
    default: {
      const [method, uri = ""] = (w[0] ?? "").split(" ");
      const target = uri.replace("/{Bucket}?", "/?").replace(/\{[^}]+\}/g, "x");
      const query = q.map((parameter) => `${parameter}=x`).join("&");
      const whole = query === "" ? target : `${target}${target.includes("?") ? "&" : "?"}${query}`;
      const body = method === "POST" ? "{}" : "";
      return { ...of, method, target: whole, body, headers: h.map((header) => [header, headerText(header)] as const) };
    }
  }
}

/** Any, but for the account, which the host of S3 Control names, too. */
function headerText(header: string): string {
  return header.toLowerCase() === "x-amz-account-id" ? "123456789012" : "x";
}

/** An answer with the session's keys where the models have them. */
function answerOf({ path, wrappers = [], ...names }: CredentialOutput, protocol: Protocol): Buffer {
  const keys = {
    [names.accessKeyId]: real.accessKeyId,
    [names.secretAccessKey]: real.secretAccessKey,
    [names.sessionToken]: real.sessionToken,
  };
  const nested = [...path]
    .reverse()
    .reduce<unknown>((inner, step) => (step === "[]" ? [inner] : { [step]: inner }), keys);
  if (protocol === "rpcV2Cbor") return cbor(nested);
  if (protocol !== "awsQuery" && protocol !== "restXml") return Buffer.from(JSON.stringify(nested));
  const wrapped = [...wrappers].reverse().reduce<unknown>((inner, step) => ({ [step]: inner }), nested);
  return Buffer.from(`<?xml version="1.0" encoding="UTF-8"?><Answer xmlns="urn:x">${xml(wrapped)}</Answer>`);
}

function xml(value: unknown): string {
  if (typeof value === "string") return value;
  return Object.entries(value as object)
    .map(([name, inner]) => `<${name}>${xml(inner)}</${name}>`)
    .join("");
}

/** CBOR (RFC 8949) of maps, lists and texts. */
function cbor(value: unknown): Buffer {
  const begin = (major: number, length: number): Buffer =>
    length < 24
      ? Buffer.of((major << 5) | length)
      : length < 256
        ? Buffer.of((major << 5) | 24, length)
        : Buffer.of((major << 5) | 25, length >> 8, length & 255);
  if (typeof value === "string") return Buffer.concat([begin(3, value.length), Buffer.from(value)]);
  if (Array.isArray(value)) return Buffer.concat([begin(4, value.length), ...value.map(cbor)]);
  const members = Object.entries(value as object);
  return Buffer.concat([begin(5, members.length), ...members.flatMap(([key, inner]) => [cbor(key), cbor(inner)])]);
}

/** The key pair in an answer, whatever its form. */
function keysIn(text: string): { accessKeyId: string; secretAccessKey: string; sessionToken: string } {
  // In CBOR a head stands before each text, whose bytes may look like the text's own.
  const isCbor = text.includes("\x78\x28");
  const one = (pattern: RegExp): string => {
    const found = [...text.matchAll(pattern)].map(([, match]) => match);
    expect(found).toHaveLength(1);
    return found[0] as string;
  };
  return {
    accessKeyId: one(/(ASIA[A-Z2-7]{16})/g),
    secretAccessKey: one(isCbor ? /x\x28([A-Za-z0-9+/]{40})/g : /(?<![\w+/-])([A-Za-z0-9+/]{40})(?![\w+/-])/g),
    sessionToken: one(isCbor ? /y[\s\S]{2}([\w-]{340,})/g : /([\w-]{340,})/g),
  };
}
