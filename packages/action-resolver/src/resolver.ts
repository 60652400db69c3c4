import {
  type Check,
  type Protocol,
  type RequestHead,
  type ResolvedCall,
  type ScopedRequest,
  splitTarget,
} from "@iap/aws-core";
import { returnedCredentials } from "./credential-operations.ts";
import { mayCarryForm } from "./form-body.ts";
import { TwoReadings } from "./member-value.ts";
import { readsBody } from "./members.ts";
import { isShared, type Model, prepareModel, s3Model } from "./model.ts";
import type { RequiredAction } from "./operation.ts";
import { operationChecks } from "./operation-checks.ts";
import { parameterMembers, parameterNamed } from "./parameter-members.ts";
import { encodePercent } from "./percent.ts";
import { readQueryString } from "./query-string.ts";
import { readRequest } from "./readings.ts";
import { resolveCall } from "./resolve-call.ts";
import { s3RequestOf } from "./s3-parameters.ts";
import { s3NeedsBody } from "./s3-request.ts";
import type { CallFacts } from "./scope.ts";
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
  /**
   * What a call needs whose parameters are known, and not its bytes: an event of CloudTrail. Undefined where the loaded
   * tables have no such operation, or where the parameters do not tell what it is about. Checks have the condition keys of
   * parameters alone.
   */
  resolveParameters(service: string, operation: string, call: ParameterCall): ParameterChecks | undefined;
  /** What the loaded table says about an operation; `service` is the name in botocore and the AWS CLI (`sesv2`). */
  describeOperation(service: string, operation: string): OperationDescription | undefined;
}

export interface ResolveOptions {
  readonly account?: string | undefined;
}

/** A call in the API's own terms. */
export interface ParameterCall {
  /** An object with the API's names, in any letter case. */
  readonly parameters: unknown;
  readonly partition: string;
  readonly region: string;
  readonly account: string | undefined;
}

export interface ParameterChecks {
  /** The IAM prefix. */
  readonly prefix: string;
  readonly marker: ShardMarker | undefined;
  readonly checks: readonly Check[];
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
    const all = await Promise.all(servicesSignedAs(signingName).map(loadModel));
    for (const model of all) byService.set(model.shard.service, model);
    loaded.set(signingName, all);
  };
  const modelsOf = ({ scope, endpoint }: Pick<ScopedRequest, "scope" | "endpoint">): readonly Model[] => {
    const all = loaded.get(scope.service);
    if (all === undefined) {
      // Names that AWS does not have are not kept: they come from outside.
      if (servicesSignedAs(scope.service).length === 0) return [];
      throw new Error(`the tables of ${scope.service} are not loaded: await load("${scope.service}") first`);
    }
    // S3's hosts are told apart by their form: Outposts and directory buckets share them with S3 Control.
    if (endpoint.s3 !== undefined) return all;
    const atHost = all.filter(({ shard }) => shard.endpointPrefix === endpoint.endpointPrefix);
    return atHost.length > 0 ? atHost : all;
  };

  return {
    async load(signingName) {
      if (loaded.has(signingName) || servicesSignedAs(signingName).length === 0) return;
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
    resolveParameters(service, operation, call) {
      const model = byService.get(service);
      return model === undefined ? undefined : parameterChecks(model, operation, call);
    },
    describeOperation(service, operation) {
      const model = byService.get(service);
      const read = model?.operation(operation);
      if (model === undefined || read === undefined) return undefined;
      const { prefix, name, protocols, marker, actions, entry } = read;
      const credentials = returnedCredentials({
        service: prefix,
        operations: [name],
        protocol: protocols[0] as Protocol,
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

function parameterChecks(model: Model, name: string, given: ParameterCall): ParameterChecks | undefined {
  const { shard } = model;
  const { parameters, partition, region, account } = given;
  const read = model.operation(name);
  if (read === undefined) return undefined;
  const { prefix, marker, entry, wanted } = read;
  if (marker !== undefined) return { prefix, marker, checks: [] };
  if (model.s3 !== undefined) {
    const request = s3RequestOf(read, given);
    if (request === undefined) return undefined;
    const { operations, marker, checks } = resolveCall([model], request, account);
    if (marker !== undefined || !operations.includes(name)) return undefined;
    return { prefix, marker: undefined, checks: checks.map(withoutGlobalKeys) };
  }
  const [method = "POST", uri = "/"] = entry.w?.[0]?.split(" ") ?? [];
  const call: CallFacts = {
    // Parameters do not say how the request was signed: as the service usually is.
    ...{ partition, region, account, prefix, signingName: prefix, method },
    get path() {
      return uri.replace(/\{([^}+]+)\+?\}/g, (_, label: string) => {
        const value = parameterNamed(parameters, label);
        if (value === undefined) throw new TwoReadings(`the parameter ${label} is not there`);
        return encodePercent(value);
      });
    },
    header: () => undefined,
    query: () => undefined,
  };
  try {
    const input = parameterMembers(parameters, wanted);
    return { prefix, marker, checks: operationChecks(read, { call, input, resources: shard.resources ?? [] }) };
  } catch (error) {
    if (error instanceof TwoReadings) return undefined;
    throw error;
  }
}

/** The keys of the transport are those of a request that was never made. */
function withoutGlobalKeys(check: Check): Check {
  const { "aws:SecureTransport": _, "s3:authType": __, "s3:signatureversion": ___, ...context } = check.context;
  return { ...check, context, authoritative: Object.keys(context) };
}

/** Whether the operation that the head names has members in the body that its checks look at. */
function membersInBody(models: readonly Model[], head: RequestHead): boolean {
  const { path, query: rawQuery } = splitTarget(head.target);
  const query = readQueryString(rawQuery);
  if (query === undefined) return false;
  const reading = readRequest(
    models.filter(({ s3 }) => s3 === undefined),
    { ...head, body: undefined },
    path,
    query,
  );
  return typeof reading !== "string" && reading.found.some((operation) => readsBody(operation, reading.protocol));
}

/** The services (botocore's names, also those of tables) whose requests are signed for a name: `elb` and `elbv2` of `elasticloadbalancing`. */
export function servicesSignedAs(signingName: string): readonly string[] {
  return Object.hasOwn(shardsBySigningName, signingName) ? (shardsBySigningName[signingName] as string).split(" ") : [];
}
