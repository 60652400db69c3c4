/** Held without asking: about as much as the connection of a stream holds itself. */
const FREE_BYTES = 128 << 10;

/**
 * Keeps account of the most that a filter holds: calls `reserve` with what is to be held beyond 128 KiB, whenever that
 * grows. Throws what `reserve` throws.
 */
export function heldBytes(reserve: ((bytes: number) => void) | undefined): (bytes: number) => void {
  let most = FREE_BYTES;
  return (bytes) => {
    if (bytes <= most) return;
    reserve?.(bytes - most);
    most = bytes;
  };
}
