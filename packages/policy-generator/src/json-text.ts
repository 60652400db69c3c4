/**
 * A value as JSON without characters that a terminal acts on or that do not show: names come from requests, and U+009B
 * begins a control sequence. What is escaped stands for the same.
 */
export function jsonText(value: unknown, indent?: string | number): string {
  return JSON.stringify(value, null, indent).replace(
    UNSHOWN,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

const UNSHOWN = /[\u007f-\u009f\u00ad\u2028\u2029\ufeff]/g;
