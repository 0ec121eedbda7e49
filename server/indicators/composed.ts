import type { Indicator, IndicatorBar } from "@/server/domain/bars/indicator";

/** A piece of an indicator's state: an average, a window, a few numbers. Its snapshot is plain JSON. */
export interface Part {
  snapshot(): unknown;
  restore(snapshot: unknown): void;
}

/**
 * An indicator composed of parts. One formula serves closed and forming bars: `keep` tells every part whether to store
 * its input, so a peek is exactly what `next` will return and changes nothing. Each class calls its own formula,
 * because a call here would be shared by every kind of indicator and could not be inlined.
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
