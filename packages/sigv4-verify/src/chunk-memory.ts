/** The most bytes that are kept for reuse. */
const MOST_SPARE = 1 << 20;

/**
 * Memory for one chunk after another. What comes back is used again: a body of gigabytes would otherwise leave as many
 * for the garbage collector, which lets tens of megabytes of them pile up.
 */
export class ChunkMemory {
  /** What is in use, so that nothing else is taken back, and nothing twice. */
  readonly #lent = new WeakSet<ArrayBufferLike>();
  readonly #spare: ArrayBufferLike[] = [];
  #spareBytes = 0;

  /** A buffer of this length, with anything in it. */
  take(length: number): Buffer {
    const memory = this.#spare.pop();
    this.#spareBytes -= memory?.byteLength ?? 0;
    const fits = memory !== undefined && memory.byteLength >= length;
    const buffer = fits ? Buffer.from(memory, 0, length) : Buffer.allocUnsafeSlow(length);
    this.#lent.add(buffer.buffer);
    return buffer;
  }

  /** Takes back what `take` gave and nobody reads any more; anything else is left alone. */
  release({ buffer }: Uint8Array): void {
    if (!this.#lent.delete(buffer) || this.#spareBytes + buffer.byteLength > MOST_SPARE) return;
    this.#spare.push(buffer);
    this.#spareBytes += buffer.byteLength;
  }
}
