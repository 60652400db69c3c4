/** In double quotes, with line breaks and control characters as escapes: request text must not forge log lines. */
export function quote(text: string): string {
  return JSON.stringify(text);
}
