import { Composed } from "./composed";
import { PreviousDay } from "./previous-day";
import { type Extreme, highest, lowest, WindowSum } from "./windows";

/** What looks at the highest high and the lowest low of the last n bars. */
export abstract class OfRange extends Composed {
  protected readonly high: Extreme;
  protected readonly low: Extreme;
  protected readonly parts;

  constructor(period: number) {
    super();
    this.high = highest(period);
    this.low = lowest(period);
    this.parts = [this.high, this.low];
  }
}

/** What looks at the volume of the last n bars. */
export abstract class OfVolumes extends Composed {
  protected readonly window: WindowSum;
  protected readonly parts;

  constructor(protected readonly period: number) {
    super();
    this.window = new WindowSum(period);
    this.parts = [this.window];
  }
}

/** What looks at the session before. */
export abstract class OfPreviousDay extends Composed {
  protected readonly day = new PreviousDay();
  protected readonly parts = [this.day];
}
