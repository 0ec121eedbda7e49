/** Frames and bytes (of the socket's buffers behind them) that are kept at most. */
const MOST_FRAMES = 1_024;
const MOST_BYTES = 16 * 1_024 * 1_024;
/** A place is (slot + 1) x this + the offset in the frame: one number instead of a reference. */
const SLOT = 2 ** 32;

export const slotOf = (place: number): number => Math.floor(place / SLOT) - 1;
export const offsetOf = (place: number): number => place % SLOT;

/**
 * The newest frames by slot. A quote refers to its packet by a number, because a reference stored with every tick would
 * burden the garbage collector. New frames replace the oldest, after `leaving` has been called with their slots.
 */
export class FrameShelf {
  private readonly frames: (Uint8Array | null)[] = Array.from({ length: MOST_FRAMES }, () => null);
  private first = 0;
  private next = 0;
  private bytes = 0;

  constructor(private readonly leaving: (isLeaving: (slot: number) => boolean) => void) {}

  /** Place of the frame's first byte. */
  put(frame: Uint8Array): number {
    if (this.next - this.first === MOST_FRAMES || this.bytes > MOST_BYTES) this.makeRoom();
    const slot = this.next++ % MOST_FRAMES;
    this.frames[slot] = frame;
    this.bytes += frame.buffer.byteLength;
    return (slot + 1) * SLOT;
  }

  at(slot: number): Uint8Array | null {
    return this.frames[slot] ?? null;
  }

  /** The older half goes. */
  private makeRoom(): void {
    const first = this.first % MOST_FRAMES;
    const count = (this.next - this.first) >> 1;
    this.leaving((slot) => (slot - first + MOST_FRAMES) % MOST_FRAMES < count);
    for (let left = 0; left < count; left++) {
      const slot = this.first++ % MOST_FRAMES;
      this.bytes -= this.frames[slot]!.buffer.byteLength;
      this.frames[slot] = null;
    }
  }
}
