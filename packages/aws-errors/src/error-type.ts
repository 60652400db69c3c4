/** A code as the type of an error that is AWS's own, not of a service's model. */
export function errorType(code: string): string {
  return `com.amazon.coral.service#${code}`;
}
