const encoder = new TextEncoder();
/** Constant ASCII text, ready to be copied. */
export const ascii = (text: string): Uint8Array => encoder.encode(text);

const NULL = ascii("null");
const TRUE = ascii("true");
const FALSE = ascii("false");
const BILLION = 1_000_000_000;

/**
 * JSON written straight into bytes: thousands of rows as text, joined and encoded, cost twice as much. Numbers are
 * whole ones and decimals kept as whole ones; nothing is escaped.
 */
export class JsonBytes {
  private bytes = new Uint8Array(65_536);
  private length = 0;

  /** What has been written; the memory stays the writer's. */
  done(): Uint8Array<ArrayBuffer> {
    return this.bytes.subarray(0, this.length);
  }

  raw(part: Uint8Array): void {
    this.room(part.length);
    const { bytes } = this;
    let at = this.length;
    for (let each = 0; each < part.length; each++) bytes[at++] = part[each]!;
    this.length = at;
  }

  /** Any text, as it is. */
  text(text: string): void {
    this.room(text.length * 3);
    this.length += encoder.encodeInto(text, this.bytes.subarray(this.length)).written;
  }

  bool(value: boolean): void {
    this.raw(value ? TRUE : FALSE);
  }
  nothing(): void {
    this.raw(NULL);
  }

  /** A whole number below 2^53; `null` for anything else. */
  int(value: number): void {
    this.decimal(value, 1);
  }

  /** `value` / `scale` with all its digits and no more: 157350 and 100 give 1573.5. */
  decimal(value: number, scale: number): void {
    this.room(40);
    // Nobody hands these over; who does gets what JSON.stringify writes, and no loop that ends by luck.
    if (!Number.isSafeInteger(value) || scale > BILLION) {
      this.text(JSON.stringify(value / scale));
      return;
    }
    let rest = value;
    if (rest < 0) {
      this.bytes[this.length++] = 45;
      rest = -rest;
    }
    const whole = scale === 1 ? rest : Math.floor(rest / scale);
    if (whole < BILLION) this.digits(whole | 0, 1);
    else {
      const high = Math.floor(whole / BILLION);
      this.digits(high | 0, 1);
      this.digits((whole - high * BILLION) | 0, BILLION / 10);
    }
    rest -= whole * scale;
    if (scale === 1 || rest === 0) return;
    const { bytes } = this;
    bytes[this.length++] = 46;
    for (let place = scale / 10; rest > 0 && place >= 1; place /= 10) {
      const digit = (rest / place) | 0;
      bytes[this.length++] = 48 + digit;
      rest -= digit * place;
    }
  }

  /** Digits of a number below 10^9, from the place `least` (a power of ten) or its own first one on. */
  private digits(value: number, least: number): void {
    let place = least;
    while (value >= place * 10) place *= 10;
    const { bytes } = this;
    let rest = value;
    for (; place >= 1; place = (place / 10) | 0) {
      const digit = (rest / place) | 0;
      bytes[this.length++] = 48 + digit;
      rest -= digit * place;
    }
  }

  private room(more: number): void {
    if (this.length + more <= this.bytes.length) return;
    const wider = new Uint8Array(Math.max(this.bytes.length * 2, this.length + more));
    wider.set(this.bytes.subarray(0, this.length));
    this.bytes = wider;
  }
}
