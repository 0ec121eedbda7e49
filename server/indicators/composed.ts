import type { Indicator, IndicatorBar } from "@/server/domain/bars/indicator";

/** A piece of an indicator's state: an average, a window, a few numbers. Its snapshot is plain JSON. */
export interface Part {
  snapshot(): unknown;
  restore(snapshot: unknown): void;
}

/**
 * An indicator made of parts. One formula serves closed and forming bars: `keep` tells every part whether to remember
 * what it is given, so that a peek is what `next` will give and changes nothing. Each class calls its own formula: a
 * call in this place would be passed by every kind of indicator, and could not be compiled into any.
 */
export abstract class Composed implements Indicator {
  protected abstract readonly parts: readonly Part[];
  abstract next(bar: IndicatorBar, out: Float64Array, at: number): void;
  abstract peek(bar: IndicatorBar, out: Float64Array, at: number): void;

  snapshot(): unknown {
    return this.parts.map((part) => part.snapshot());
  }
  restore(snapshot: unknown): void {
    (snapshot as unknown[]).forEach((state, place) => this.parts[place]!.restore(state));
  }
}

/** Single numbers of an indicator, by place. Finite ones only: JSON knows no other. */
export class Numbers implements Part {
  readonly at: Float64Array;
  constructor(length: number, fill = 0) {
    this.at = new Float64Array(length).fill(fill);
  }
  snapshot(): unknown {
    return Array.from(this.at);
  }
  restore(snapshot: unknown): void {
    this.at.set(snapshot as number[]);
  }
}
