/** Closes what was opened, last first; Node 20 has no AsyncDisposableStack. */
export class CleanupStack {
  #resources = [];

  /** @template T @param {T} resource With a `Symbol.asyncDispose`. @returns {T} */
  use(resource) {
    this.#resources.push(resource);
    return resource;
  }

  async [Symbol.asyncDispose]() {
    const errors = [];
    for (const resource of this.#resources.reverse()) {
      await resource[Symbol.asyncDispose]().catch((error) => errors.push(error));
    }
    if (errors.length > 0) throw errors[0];
  }
}

/**
 * Runs an action with a stack, and closes what it put there, however the action ends.
 * @template T
 * @param {(stack: CleanupStack) => Promise<T>} action
 * @returns {Promise<T>}
 */
export async function withCleanup(action) {
  const stack = new CleanupStack();
  let result;
  try {
    result = await action(stack);
  } catch (error) {
    // A process that died is found out here, and is why the action failed.
    const closing = await stack[Symbol.asyncDispose]().catch((reason) => reason);
    throw closing === undefined ? error : new Error(`${closing.message}\n${error.message}`, { cause: error });
  }
  await stack[Symbol.asyncDispose]();
  return result;
}
