const children = new Set();

process.on("exit", () => {
  for (const child of children) child.kill("SIGKILL");
});

/**
 * Has a process end when the bench does, however that ends.
 * @param {import("node:child_process").ChildProcess} child
 */
export function endWithUs(child) {
  children.add(child);
  child.once("exit", () => children.delete(child));
}
