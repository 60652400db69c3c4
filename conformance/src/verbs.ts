/** What one line asks, and what one line answers. */
export type Answer = (question: Readonly<Record<string, unknown>>) => Promise<Readonly<Record<string, unknown>>>;

/** Each verb: what it does, and what answers it; loaded when it is asked for. */
export const verbs: Readonly<Record<string, { readonly does: string; readonly load: () => Promise<Answer> }>> = {};
