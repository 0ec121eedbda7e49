import type { MarketSecond, MarketShape } from "./market";

/** Bars of one timeframe, added up: two contenders agree when all three are equal. */
export interface Sums {
  bars: number;
  close: number;
  volume: number;
}

export const noSums = (): Sums => ({ bars: 0, close: 0, volume: 0 });

/** By timeframe name; `1s` is what every contender builds. */
export type BarSums = Record<string, Sums>;

/** One way to turn frames into bars. */
export interface Contender<Input = unknown> {
  /** Not timed: frames in the form of this contender's interface. */
  prepare(second: MarketSecond): Input;
  /** Timed. */
  run(input: Input): void | Promise<void>;
  /** Closes every open bar and adds up. */
  finish(): BarSums | Promise<BarSums>;
}

export type BuildContender = (shape: MarketShape) => Contender | Promise<Contender>;
