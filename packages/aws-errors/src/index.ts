export { type CodeAndStatus, errorCode } from "./error-codes.ts";
export { eventStreamError } from "./event-stream-error.ts";
export { isPresigned, type RenderedError, type RenderOptions, renderError } from "./render-error.ts";
export { detectWireForm, type WireForm, type WireFormHints } from "./wire-form.ts";
