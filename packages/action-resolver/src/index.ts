export { mintsCredentials } from "./credential-operations.ts";
export {
  createResolver,
  type OperationDescription,
  type ResolveOptions,
  type Resolver,
  type ResolverOptions,
  type ScopedHead,
} from "./resolver.ts";
export type { Operation, RequiredAction, RestEntry, Shard } from "./shard.ts";
