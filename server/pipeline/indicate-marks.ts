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
 * States of the past, few: the newest two are 16 bars apart, each older one about twice as old as the one after it. With
 * 7 of them they reach back 700 bars and more, with 10 of them 5,800. A change of the past is undone from the last
 * mark before it.
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

  /** The last mark whose bars all lie before an instant. */
  before(instant: number): Mark | null {
    for (let at = this.marks.length - 1; at >= 0; at--) if (this.marks[at]!.time < instant) return this.marks[at]!;
    return null;
  }

  /** The state to keep on disk: at least `MARK_BARS` bars old where there is such a one, so that what came late since is taken again. */
  get kept(): Mark | null {
    return this.marks[this.marks.length - 2] ?? this.marks[0] ?? null;
  }

  /** Forgets what came after a mark; of null all. */
  cutAfter(mark: Mark | null): void {
    this.marks = mark === null ? [] : this.marks.filter((each) => each.time <= mark.time);
  }

  get length(): number {
    return this.marks.length;
  }
}
