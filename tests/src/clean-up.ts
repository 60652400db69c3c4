import { afterAll } from "vitest";

const pending: (() => unknown)[] = [];

/** Has something done when the test file is over, whether its tests passed or not: a child killed, a folder removed. */
export function atEnd(work: () => unknown): void {
  pending.push(work);
}

// As a setup file of vitest this is registered first, and so runs after the hooks of the test file itself.
afterAll(async () => {
  for (const work of pending.splice(0).reverse()) await work();
});
