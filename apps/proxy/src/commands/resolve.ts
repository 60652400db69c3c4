import { readFileSync } from "node:fs";
import { isatty } from "node:tty";
import { createResolver } from "@iap/action-resolver";
import {
  AwsError,
  type AwsRequest,
  type CredentialScope,
  checkEndpoint,
  type Endpoint,
  headerValue,
  parseEndpoint,
  splitTarget,
} from "@iap/aws-core";
import type { CliProcess } from "../cli.ts";
import { readCurlCommand } from "../resolve/curl-command.ts";
import { readRawRequest } from "../resolve/raw-request.ts";
import { loadShard } from "../shard-loader.ts";
import { UsageError } from "../usage-error.ts";

export interface ResolveFlags {
  readonly file?: string | undefined;
  readonly "account-id"?: string | undefined;
}

/** Prints what a request needs, as JSON: a raw HTTP request or a curl command, from a file or standard input. Nothing is sent. */
export async function resolveRequest(flags: ResolveFlags, { stdout, stderr }: CliProcess): Promise<number> {
  const { file, "account-id": account } = flags;
  if (account !== undefined && !/^\d{12}$/.test(account)) {
    throw new UsageError(`--account-id must be twelve digits, not ${account}`);
  }
  // yargs reads a lone dash as an empty text.
  const named = file === undefined || file === "-" || file === "" ? undefined : file;
  if (named === undefined && isatty(0)) {
    stderr.write("A raw HTTP request or a curl command, please, and Ctrl-D at its end:\n");
  }
  const bytes = readInput(named);
  const isCurl = /^\s*(?:\$\s+)?curl\s/.test(bytes.toString("latin1", 0, 100));
  const { request, scope: asked } = isCurl
    ? readCurlCommand(
        bytes
          .toString("utf8")
          .replace(/^\s*\$\s+/, "")
          .trim(),
      )
    : { request: readRawRequest(bytes) };
  const endpoint = parseEndpoint(request.host);
  if (endpoint === undefined) throw new UsageError(`${request.host} is not a host of an AWS service known here`);
  const scope = readScope(request) ?? asked ?? scopeOf(endpoint);
  try {
    checkEndpoint(endpoint, scope, { allowed: () => true });
  } catch (error) {
    if (error instanceof AwsError) throw new UsageError(`AWS would refuse the request: ${error.message}`);
    throw error;
  }
  const resolver = createResolver({ load: loadShard });
  await resolver.load(scope.service);
  const call = resolver.resolve({ request, scope, endpoint }, { account });
  stdout.write(`${JSON.stringify(call, null, 2)}\n`);
  return 0;
}

function readInput(file: string | undefined): Buffer {
  try {
    return readFileSync(file ?? 0);
  } catch (error) {
    throw new UsageError(`the request cannot be read: ${(error as Error).message}`);
  }
}

/** What the request was signed for, in a header or in the query of a presigned URL. */
function readScope({ headers, target }: AwsRequest): CredentialScope | undefined {
  const header = headerValue(headers, "authorization");
  const query = /(?:^|&)X-Amz-Credential=([^&]+)/.exec(splitTarget(target).query ?? "")?.[1];
  const text = /\bCredential=([^,\s]+)/.exec(header ?? "")?.[1] ?? query?.replaceAll("%2F", "/").replaceAll("%2f", "/");
  const [, date, region, service] = /\/(\d{8})\/([^/]*)\/([^/]+)\/aws4_request$/.exec(text ?? "") ?? [];
  return date === undefined || region === undefined || service === undefined ? undefined : { date, region, service };
}

/** An unsigned request is resolved as if it were signed for its host. */
function scopeOf(endpoint: Endpoint): CredentialScope {
  return {
    date: "20260101",
    region: endpoint.region ?? "us-east-1",
    service: endpoint.signingNames[0] ?? endpoint.endpointPrefix,
  };
}
