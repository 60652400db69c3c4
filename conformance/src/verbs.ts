/** What one line asks, and what one line answers. */
export type Answer = (question: Readonly<Record<string, unknown>>) => Promise<Readonly<Record<string, unknown>>>;

/** Each verb: what it does, and what answers it; loaded when it is asked for. */
export const verbs: Readonly<Record<string, { readonly does: string; readonly load: () => Promise<Answer> }>> = {
  verify: {
    does: "is this request signed by one of these keys?",
    load: async () => (await import("./verify.ts")).verifyAnswer,
  },
  evaluate: {
    does: "do these policies allow the request, as AWS would decide?",
    load: async () => (await import("./evaluate.ts")).evaluate,
  },
  validate: {
    does: "would IAM take this policy document?",
    load: async () => (await import("./validate.ts")).validate,
  },
  resolve: {
    does: "which operation does this request call, and what does IAM check for it?",
    load: async () => (await import("./resolve.ts")).resolve,
  },
};
