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
  /** The requested timeframe; its parts are built too. */
  kind: StoredKind;
  /**
   * How many of a second's trades arrived after it closed. Ticks alone do not show this, because the whole feed's clock
   * closes a second. Undefined if no bar of that second is stored.
   */
  lateIn(second: number): number | undefined;
  /** First sequence of a stored minute; after a restart, longer bars continue from stored ones. */
  firstOf(minute: number): number | undefined;
}

/** The pipeline's own stages over the stored ticks of one instrument. */
export interface BarRebuilder {
  /** Inspects ticks in order of arrival before they are played; a second's trades are in one page. */
  turn(page: StoredTicks): void;
  /** Plays rows [first, end) of the page. */
  play(first: number, end: number): void;
  finish(): void;
  /** By start. There are several if a process ended inside the bar: one per process. */
  readonly bars: ReadonlyMap<number, readonly RebuiltBar[]>;
}

export type Rebuild = (request: RebuildRequest) => BarRebuilder;
