/*
 * Whole numbers in bytes: seven bits a byte, least first, the top bit says that another follows. A signed one has its
 * sign in the lowest bit. Up to 2^53, which bit operations do not reach.
 */

/** Room for one number. */
export const VARINT_BYTES = 8;

/** A growing buffer of numbers. */
export class VarintWriter {
  length = 0;

  constructor(public bytes = new Uint8Array(4_096)) {}

  /** Reserves this many bytes, so that the following writes need no check. */
  protected reserve(bytes: number): void {
    if (this.length + bytes <= this.bytes.length) return;
    const wider = new Uint8Array(Math.max(this.bytes.length * 2, this.length + bytes));
    wider.set(this.bytes);
    this.bytes = wider;
  }

  protected signed(value: number): void {
    this.varint(value < 0 ? -2 * value - 1 : 2 * value);
  }

  protected varint(value: number): void {
    const { bytes } = this;
    let at = this.length;
    while (value >= 0x8000_0000) {
      bytes[at++] = (value % 128) | 128;
      value = Math.floor(value / 128);
    }
    while (value >= 128) {
      bytes[at++] = (value & 127) | 128;
      value >>>= 7;
    }
    bytes[at++] = value;
    this.length = at;
  }
}

/** Reads what a writer wrote. Throws a `RangeError` if the bytes end inside a number. */
export class VarintReader {
  constructor(
    private readonly bytes: Uint8Array,
    public at: number,
  ) {}

  byte(): number {
    const byte = this.bytes[this.at++];
    if (byte === undefined) throw new RangeError("the data ends inside a row");
    return byte;
  }

  varint(): number {
    let value = 0;
    let scale = 1;
    for (;;) {
      const byte = this.byte();
      value += (byte & 127) * scale;
      if (byte < 128) return value;
      scale *= 128;
    }
  }

  signed(): number {
    const value = this.varint();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }
}
