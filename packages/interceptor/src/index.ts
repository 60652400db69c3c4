export { AddressRefusedError, guardedLookup, isRefusedAddress } from "./address-guard.ts";
export { type Authority, formatAuthority, parseAuthority } from "./authority.ts";
export {
  type Answer,
  type AnswerEnding,
  type BodyFilter,
  BodyTooLargeError,
  ClientGoneError,
  type Exchange,
  type ForwardOptions,
  type ForwardResult,
  type ReadBodyHeadOptions,
  type ReadBodyOptions,
  type ResponseHead,
  type ResponsePlan,
} from "./exchange.ts";
export { Interceptor, type InterceptorEvent, type InterceptorOptions } from "./interceptor.ts";
export { defaultLimits, type Limits } from "./limits.ts";
export { type ListenOptions, listenOn, stopListening } from "./listen-on.ts";
export { type Route, type RouteOptions, routeTarget } from "./route.ts";
export type { ConnectAddress, UpstreamRoute } from "./upstream.ts";
export { UpstreamError } from "./upstream-error.ts";
export type { FetchOptions, FetchResult } from "./upstream-fetch.ts";
export { UpstreamProxy, type UpstreamProxyInit } from "./upstream-proxy.ts";
