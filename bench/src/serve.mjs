/**
 * The side of a worker process: answers each `{ id, method, options }` of its parent with what the method of that name
 * returns, or with the error it throws.
 * @param {Record<string, (options: any) => unknown>} methods
 */
export function serve(methods) {
  process.on("message", async ({ id, method, options }) => {
    try {
      process.send({ id, result: await methods[method](options) });
    } catch (error) {
      process.send({ id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
    }
  });
  // Nobody is left to serve.
  process.on("disconnect", () => process.exit(0));
}
