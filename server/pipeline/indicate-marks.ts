/** An indicator's state after the bar of `time`, which was the `count`th it took. */
export interface Mark {
  time: number;
  count: number;
  /** Its `snapshot()` as JSON: a text is small, and ready to be kept on disk. */
  state: string;
}

/** Bars between marks. */
export const MARK_BARS = 16;
/** A mark is let go when the one before it is at most this many times as old as the one after it: each is then about twice as old as the next. */
const RATIO = 4;

/**
 * A few past states: the newest two are 16 bars apart, and each older distance is about twice the next. Seven of them
 * reach back 700 bars and more, ten reach back 5,800. A change of the past is undone from the last mark before it.
 */
export class Marks {
  /** Oldest first. */
  private marks: Mark[] = [];

  constructor(private readonly most: number) {}

  add(mark: Mark): void {
    this.marks.push(mark);
    for (let at = this.marks.length - 2; at > 0; at--) {
      const older = mark.count - this.marks[at - 1]!.count;
      const newer = mark.count - this.marks[at + 1]!.count;
      if (older <= RATIO * newer) this.marks.splice(at, 1);
    }
    if (this.marks.length > this.most) this.marks.shift();
  }

  /** The last mark whose bars are all before a time. */
  before(instant: number): Mark | null {
    for (let at = this.marks.length - 1; at >= 0; at--) if (this.marks[at]!.time < instant) return this.marks[at]!;
    return null;
  }

  /** The state to save: at least `MARK_BARS` bars old if there is one, so that later late ticks are replayed. */
  get kept(): Mark | null {
    return this.marks[this.marks.length - 2] ?? this.marks[0] ?? null;
  }

  /** Discards marks after a given one; with null, all. */
  cutAfter(mark: Mark | null): void {
    this.marks = mark === null ? [] : this.marks.filter((each) => each.time <= mark.time);
  }

  get length(): number {
    return this.marks.length;
  }
}
