export { credentialOperationNames, mintsCredentials } from "./credential-operations.ts";
export type { RequiredAction } from "./operation.ts";
export {
  createResolver,
  type OperationDescription,
  type ParameterCall,
  type ParameterChecks,
  type ResolveOptions,
  type Resolver,
  type ResolverOptions,
  type ScopedHead,
  servicesSignedAs,
} from "./resolver.ts";
export type { OperationEntry, Shard } from "./shard.ts";
