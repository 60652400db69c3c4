import { createRequire } from "node:module";
import type * as X509 from "@peculiar/x509";

/**
 * `@peculiar/x509`, loaded on first use.
 *
 * Its dependency injection (tsyringe) asks for a `Reflect` metadata polyfill while it loads, and never after. A lasting
 * polyfill would change every program that embeds this package, so one is lent for the duration of the synchronous load.
 */
export function x509(): typeof X509 {
  loaded ??= lendReflectMetadata(() => createRequire(import.meta.url)("@peculiar/x509") as typeof X509);
  return loaded;
}

let loaded: typeof X509 | undefined;

type MetadataKey = string | symbol;
interface ReflectMetadata {
  getMetadata?: (key: MetadataKey, target: object) => unknown;
  getOwnMetadata?: (key: MetadataKey, target: object) => unknown;
  defineMetadata?: (key: MetadataKey, value: unknown, target: object) => void;
}

function lendReflectMetadata<T>(load: () => T): T {
  const reflect: typeof Reflect & ReflectMetadata = Reflect;
  if (reflect.getMetadata !== undefined) return load();
  const store = new WeakMap<object, Map<MetadataKey, unknown>>();
  const own = (key: MetadataKey, target: object): unknown => store.get(target)?.get(key);
  reflect.getMetadata = own;
  reflect.getOwnMetadata = own;
  reflect.defineMetadata = (key, value, target) => {
    store.set(target, (store.get(target) ?? new Map<MetadataKey, unknown>()).set(key, value));
  };
  try {
    return load();
  } finally {
    delete reflect.getMetadata;
    delete reflect.getOwnMetadata;
    delete reflect.defineMetadata;
  }
}
