import { type Protocol, type RequestHead, type ResolvedCall, type ScopedRequest, splitTarget } from "@iap/aws-core";
import { returnedCredentials } from "./credential-operations.ts";
import { mayCarryForm } from "./form-body.ts";
import { readsBody } from "./members.ts";
import { isShared, type Model, prepareModel, s3Model } from "./model.ts";
import type { RequiredAction } from "./operation.ts";
import { readQueryString } from "./query-string.ts";
import { readRequest } from "./readings.ts";
import { resolveCall } from "./resolve-call.ts";
import { s3NeedsBody } from "./s3-request.ts";
import type { Shard, ShardMarker } from "./shard.ts";
import { shardsBySigningName } from "./shards.data.ts";
import { isCustomersOwn } from "./user-content.ts";

/** Turns requests into operations and the checks that AWS would make for them. */
export interface Resolver {
  /** Loads the tables of a signing name (once; concurrent calls share the work). A name AWS does not have loads nothing. */
  load(signingName: string): Promise<void>;
  /**
   * What a request does, in IAM's terms. `account` is the account for ARNs that name one:
   * the caller's, or that of the customer's endpoint. Never throws for
   * what the request holds: a request that cannot be told is marked `unknown`, one with two readings `ambiguous`, each
   * with a `why` and no checks. Throws when the tables of the scope's service were not loaded.
   */
  resolve(request: ScopedRequest, options?: ResolveOptions): ResolvedCall;
  /** Whether `resolve` must see the body to tell the operation or its checks. */
  needsBody(request: ScopedHead): boolean;
  /** What the loaded table says about an operation; `service` is the name in botocore and the AWS CLI (`sesv2`). */
  describeOperation(service: string, operation: string): OperationDescription | undefined;
}

export interface ResolveOptions {
  readonly account?: string | undefined;
}

/** A scoped request whose body is not there yet. */
export interface ScopedHead extends Pick<ScopedRequest, "scope" | "endpoint"> {
  readonly request: RequestHead;
}

export interface OperationDescription {
  readonly service: string;
  /** Its id in AWS's models: `SESv2`, `CloudWatch Logs`. */
  readonly serviceId: string;
  /** The IAM prefix. */
  readonly prefix: string;
  readonly name: string;
  readonly protocols: readonly Protocol[];
  readonly marker: ShardMarker | undefined;
  /** Every action that a request of this operation may need, with its access level and escape classes. */
  readonly actions: readonly RequiredAction[];
  /** Why its answer holds AWS credentials, or secrets. */
  readonly returnsCredentials: string | undefined;
  readonly returnsSecrets: string | undefined;
}

export interface ResolverOptions {
  /** Reads `data/<shard>.json` of this package. */
  readonly load: (shard: string) => Promise<Shard>;
}

/** Makes a resolver whose tables are read by `load`, each when first needed. */
export function createResolver({ load }: ResolverOptions): Resolver {
  const models = new Map<string, Promise<Model>>();
  const loading = new Map<string, Promise<void>>();
  const loaded = new Map<string, readonly Model[]>();
  const byService = new Map<string, Model>();

  const loadModel = (name: string): Promise<Model> => {
    const known = models.get(name) ?? load(name).then(prepareModel);
    models.set(name, known);
    known.catch(() => models.delete(name));
    return known;
  };
  const loadName = async (signingName: string): Promise<void> => {
    const all = await Promise.all(shardNames(signingName).map(loadModel));
    for (const model of all) byService.set(model.shard.service, model);
    loaded.set(signingName, all);
  };
  const modelsOf = ({ scope, endpoint }: Pick<ScopedRequest, "scope" | "endpoint">): readonly Model[] => {
    const all = loaded.get(scope.service);
    if (all === undefined) {
      // Names that AWS does not have are not kept: they come from outside.
      if (shardNames(scope.service).length === 0) return [];
      throw new Error(`the tables of ${scope.service} are not loaded: await load("${scope.service}") first`);
    }
    // S3's hosts are told apart by their form: Outposts and directory buckets share them with S3 Control.
    if (endpoint.s3 !== undefined) return all;
    const atHost = all.filter(({ shard }) => shard.endpointPrefix === endpoint.endpointPrefix);
    return atHost.length > 0 ? atHost : all;
  };

  return {
    async load(signingName) {
      if (loaded.has(signingName) || shardNames(signingName).length === 0) return;
      const running = loading.get(signingName) ?? loadName(signingName).finally(() => loading.delete(signingName));
      loading.set(signingName, running);
      await running;
    },
    resolve(request, { account } = {}) {
      return resolveCall(modelsOf(request), request, account);
    },
    needsBody(request) {
      if (isCustomersOwn(request.endpoint)) return false;
      const candidates = modelsOf(request);
      const s3 = s3Model(candidates, request.endpoint, request.request);
      if (s3?.s3 !== undefined) return s3NeedsBody(s3.s3, request);
      if (candidates.some(({ queries }) => queries) && mayCarryForm(request.request, isShared(candidates))) return true;
      return membersInBody(candidates, request.request);
    },
    describeOperation(service, operation) {
      const model = byService.get(service);
      const read = model?.operation(operation);
      if (model === undefined || read === undefined) return undefined;
      const { prefix, name, protocols, marker, actions, entry } = read;
      const credentials = returnedCredentials({
        service: prefix,
        operations: [name],
        protocol: protocols[0] ?? "restJson1",
        region: "",
        checks: [],
      });
      return {
        service,
        serviceId: model.shard.id,
        prefix,
        name,
        protocols,
        marker,
        actions,
        returnsCredentials: credentials,
        returnsSecrets: entry.s,
      };
    },
  };
}

/** Whether the operation that the head names has members in the body that its checks look at. */
function membersInBody(models: readonly Model[], head: RequestHead): boolean {
  const { path, query: rawQuery } = splitTarget(head.target);
  const query = readQueryString(rawQuery);
  if (query === undefined) return false;
  const readings = readRequest(
    models.filter(({ s3 }) => s3 === undefined),
    { ...head, body: undefined },
    path,
    query,
  );
  if (typeof readings === "string") return false;
  return readings.some(({ found, protocol }) => found.some((operation) => readsBody(operation, protocol)));
}

function shardNames(signingName: string): readonly string[] {
  return Object.hasOwn(shardsBySigningName, signingName) ? (shardsBySigningName[signingName] as string).split(" ") : [];
}
