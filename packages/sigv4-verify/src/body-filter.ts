import { createHash, type Hash } from "node:crypto";
import { AwsError } from "@iap/aws-core";
import { type AwsChunkedOptions, AwsChunkedParser } from "@iap/sigv4";

/**
 * Checks a body while it goes on. Until `end` has proven it, the last piece is held back: an upstream that has seen all
 * but the end of a message takes it for incomplete and discards it, so a body that fails never takes effect.
 *
 * Pieces are passed on as they are, not copied; one is held at a time. After a throw nothing more is given out.
 */
export interface BodyFilter {
  /** Takes a piece, and gives what may go on now. Throws as soon as the body is known to be wrong. */
  push(chunk: Uint8Array): Uint8Array | undefined;
  /** Takes the end of the body, and gives the rest. Throws `ContentSha256Mismatch` or `InvalidRequest` instead. */
  end(): Uint8Array | undefined;
  /**
   * Takes a piece back that `push` gave out and whose bytes nobody needs any more: a filter that makes its pieces uses
   * their memory again. Pieces that do not come back are left to the garbage collector.
   */
  release?(piece: Uint8Array): void;
}

/** A filter that proves the body's SHA-256. */
export function hashFilter(expectedHex: string): BodyFilter {
  const hash: Hash = createHash("sha256");
  return holdingFilter({
    take: (chunk) => {
      hash.update(chunk);
    },
    prove: () => {
      const actual = hash.digest("hex");
      if (actual !== expectedHex) throw contentMismatch(expectedHex, actual);
    },
  });
}

/** A filter that proves the framing of an aws-chunked body whose chunks are not signed. */
export function chunksFilter(options: AwsChunkedOptions): BodyFilter {
  const parser = new AwsChunkedParser(options);
  return holdingFilter({
    take: (chunk) => parser.push(chunk),
    prove: () => parser.end(),
  });
}

/** A filter that passes everything: nothing is claimed of the body. */
export function passFilter(): BodyFilter {
  return {
    push: (chunk) => (chunk.length === 0 ? undefined : chunk),
    end: () => undefined,
  };
}

/** The error of a body that is not the one that was signed. */
export function contentMismatch(expectedHex: string, actualHex: string): AwsError {
  return new AwsError(
    "ContentSha256Mismatch",
    "The body's SHA-256 is not the one in x-amz-content-sha256: it was changed or cut short after it was signed.",
    { details: { ClientComputedContentSHA256: expectedHex, S3ComputedContentSHA256: actualHex } },
  );
}

interface Proof {
  readonly take: (chunk: Uint8Array) => void;
  readonly prove: () => void;
}

function holdingFilter({ take, prove }: Proof): BodyFilter {
  let held: Uint8Array | undefined;
  let open = true;
  // Closed while it runs, and so for good after a throw.
  const guarded = (step: () => void): void => {
    if (!open) throw new AwsError("InternalFailure", "The body filter was used after it had ended or failed.");
    open = false;
    step();
  };
  return {
    push(chunk) {
      guarded(() => take(chunk));
      open = true;
      if (chunk.length === 0) return undefined;
      const ready = held;
      held = chunk;
      return ready;
    },
    end() {
      guarded(prove);
      return held;
    },
  };
}
