import type { BodyFilter } from "./body-filter.ts";

/**
 * A filter as a transform of Web Streams: `body.pipeThrough(bodyTransform(filter))`. The body goes in as it comes, in
 * pieces of any size, and comes out verified, and signed anew if the filter does that; `Duplex.fromWeb` makes a Node
 * stream of it. With back-pressure, and with no more in memory than the filter holds.
 *
 * What the filter throws (an `AwsError`) errors both sides of the transform, before the end of the body has come out:
 * whoever writes what comes out must break off then, so that a wrong body never looks whole.
 */
export function bodyTransform(filter: BodyFilter): TransformStream<Uint8Array, Uint8Array> {
  return new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      enqueue(controller, filter.push(chunk));
    },
    flush(controller) {
      enqueue(controller, filter.end());
    },
  });
}

function enqueue(controller: TransformStreamDefaultController<Uint8Array>, piece: Uint8Array | undefined): void {
  if (piece !== undefined) controller.enqueue(piece);
}
