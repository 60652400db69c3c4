/** Whether an absolute path is another one, or below it. */
export function isWithin(path: string, above: string): boolean {
  return path === above || path.startsWith(above === "/" ? "/" : `${above}/`);
}
