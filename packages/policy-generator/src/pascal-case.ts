/** `MyAgent` of `my-agent`: the letters and digits of a text, each run of them with a capital. */
export function pascalCase(text: string): string {
  return text
    .split(/[^A-Za-z0-9]+/)
    .map((part) => part.slice(0, 1).toUpperCase() + part.slice(1))
    .join("");
}
