import type { Headers } from "@iap/aws-core";

/** A body in one wire form, with the headers that belong to the form. */
export interface RenderedBody {
  readonly content: string | Uint8Array;
  readonly headers: Headers;
}
