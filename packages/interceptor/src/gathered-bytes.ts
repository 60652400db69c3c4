const nothing = new Uint8Array();

/**
 * Bytes that come in pieces, in one place. A sender chooses how small its pieces are, and each that was kept would take
 * hundreds of bytes more than are in it.
 */
export class GatheredBytes {
  readonly #expected: number;
  /** The first piece itself, and then room that grows. */
  #room: Uint8Array = nothing;
  #length = 0;

  /** `expected`: how many bytes will come, where that is known. */
  constructor(expected = 0) {
    this.#expected = expected;
  }

  get length(): number {
    return this.#length;
  }

  /** All so far; not copied, and never changed by what comes after. */
  get bytes(): Uint8Array {
    return this.#room.length === this.#length ? this.#room : this.#room.subarray(0, this.#length);
  }

  add(piece: Uint8Array): void {
    const length = this.#length + piece.length;
    if (this.#length === 0) this.#room = piece;
    else {
      if (length > this.#room.length) {
        const larger = Buffer.allocUnsafe(Math.max(length, this.#expected, 2 * this.#length));
        larger.set(this.bytes);
        this.#room = larger;
      }
      this.#room.set(piece, this.#length);
    }
    this.#length = length;
  }
}
