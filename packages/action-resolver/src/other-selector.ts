import { printable } from "./printable.ts";

/**
 * Why a request is ambiguous for a selector of a protocol that its service does not have, as far as the model tells (`X-Amz-Target` at a REST
 * service, `Action` beside it): one that names an operation other than the request's would select that one, were the service to have the
 * protocol after all. Undefined when none does.
 */
export function otherSelector(
  selectors: readonly string[],
  operations: readonly string[],
  isOperation: (name: string) => boolean,
): string | undefined {
  const other = selectors.find(
    (selector) => operations.some((operation) => operation !== selector) && isOperation(selector),
  );
  return other === undefined
    ? undefined
    : `the request is ${operations[0]}, and a selector beside it names ${printable(other)}`;
}
