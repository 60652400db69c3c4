import { printable } from "./printable.ts";

/**
 * Why a request is ambiguous for a selector of a protocol that its service does not have, as far as the model tells (`X-Amz-Target` at a REST
 * service, `Action` beside it): were the service to have the protocol after all, it would read the operation that is named there, with members
 * from elsewhere. Undefined when none names an operation.
 */
export function otherSelector(
  selectors: readonly string[],
  isOperation: (name: string) => boolean,
): string | undefined {
  const other = selectors.find(isOperation);
  return other === undefined ? undefined : `a selector that is not of the request's protocol names ${printable(other)}`;
}
