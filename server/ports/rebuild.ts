import type { Bar, BarPassport } from "@/server/domain/bars/bar";
import type { Instrument } from "@/server/domain/instruments/instrument";
import type { HoursKey } from "@/server/domain/time/session";
import type { StoredTicks } from "@/server/domain/ticks/stored-ticks";
import type { StoredKind } from "./stores";

/** A bar as the stages build it from stored ticks. */
export interface RebuiltBar extends Bar {
  passport: BarPassport;
  /**
   * True when ticks show that it was closed. False: it was open when the process, or the stored ticks, ended; the clock
   * may have closed it all the same.
   */
  sure: boolean;
}

export interface RebuildRequest {
  instrument: Instrument;
  hours: HoursKey;
  /** What is wanted; what it is made of is built along with it. */
  kind: StoredKind;
  /**
   * How many of a second's trades came after it was closed: the one thing that ticks do not tell, since a second is closed
   * by the clock of the whole feed. Undefined where no bar of that second is stored.
   */
  lateIn(second: number): number | undefined;
  /** First sequence of a stored minute: after a restart longer bars go on from those that were stored. */
  firstOf(minute: number): number | undefined;
}

/** The pipeline's own stages over the stored ticks of one instrument. */
export interface BarRebuilder {
  /** Looks at ticks, in the order of arrival, that are to be played; a second's trades lie in one page. */
  turn(page: StoredTicks): void;
  /** Plays rows [first, end) of the page. */
  play(first: number, end: number): void;
  finish(): void;
  /** By start. Several where a process ended inside the bar: one a process. */
  readonly bars: ReadonlyMap<number, readonly RebuiltBar[]>;
}

export type Rebuild = (request: RebuildRequest) => BarRebuilder;
