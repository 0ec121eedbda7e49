import { widen } from "@/server/domain/basics/columns";

/** Places of an instrument's figures. */
const enum Pulse {
  sequence,
  received,
  ticks,
  time,
  longest,
  size,
}

/** What was seen so many ticks ago counts a third: seconds of a busy instrument, an hour of a quiet one. */
const MEMORY_TICKS = 64;
/** The longest silence decays much more slowly, by half in an hour. */
const LONGEST_MEMORY_MS = 3_600_000 / Math.LN2;
/** Ticks before anything is expected of an instrument. */
const ENOUGH_TICKS = 20;
const LEAST_PATIENCE_MS = 30_000;

/**
 * How often each instrument ticks while its market trades and its feed is up: an interval that follows its last ticks,
 * and the longest silence there was. All in one typed array.
 */
export class InstrumentPulse {
  private figures = new Float64Array(64 * Pulse.size);

  /**
   * Updates an instrument; returns true if it has ticked since the last call. `quietFrom`: silence before that had
   * other causes.
   */
  take(instrument: number, sequence: number, received: number, quietFrom: number): boolean {
    const own = this.own(instrument);
    const { figures } = this;
    const ticked = sequence - figures[own + Pulse.sequence]!;
    if (ticked === 0) return false;
    const before = figures[own + Pulse.received]!;
    figures[own + Pulse.sequence] = sequence;
    figures[own + Pulse.received] = received;
    // The first observation, and the first tick after a silence with other causes, measure nothing.
    if (before === 0 || before < quietFrom) return true;
    const length = received - before;
    const patience = this.patienceAt(own);
    // A silence that was taken for a fault teaches nothing until it is proved to have been none (`learn`).
    if (patience !== null && length > patience) return true;
    const kept = Math.exp(-ticked / MEMORY_TICKS);
    figures[own + Pulse.ticks] = figures[own + Pulse.ticks]! * kept + ticked;
    figures[own + Pulse.time] = figures[own + Pulse.time]! * kept + length;
    figures[own + Pulse.longest] = Math.max(
      figures[own + Pulse.longest]! * Math.exp(-length / LONGEST_MEMORY_MS),
      length / ticked,
    );
    return true;
  }

  /** Silence after which an instrument counts as mute; null until enough is known. */
  patience(instrument: number): number | null {
    return (instrument + 1) * Pulse.size > this.figures.length ? null : this.patienceAt(instrument * Pulse.size);
  }

  of(instrument: number): { interval: number; longest: number; patience: number } | null {
    const patience = this.patience(instrument);
    if (patience === null) return null;
    const own = instrument * Pulse.size;
    return {
      interval: this.figures[own + Pulse.time]! / this.figures[own + Pulse.ticks]!,
      longest: this.figures[own + Pulse.longest]!,
      patience,
    };
  }

  learn(instrument: number, silenceMs: number): void {
    const own = this.own(instrument);
    this.figures[own + Pulse.longest] = Math.max(this.figures[own + Pulse.longest]!, silenceMs);
  }

  /** Ticks that come by chance leave twenty intervals empty once in five hundred million; three times the longest silence is for those that come in bursts. */
  private patienceAt(own: number): number | null {
    const ticks = this.figures[own + Pulse.ticks]!;
    if (ticks < ENOUGH_TICKS) return null;
    return Math.max(
      LEAST_PATIENCE_MS,
      20 * (this.figures[own + Pulse.time]! / ticks),
      3 * this.figures[own + Pulse.longest]!,
    );
  }

  private own(instrument: number): number {
    if ((instrument + 1) * Pulse.size > this.figures.length)
      this.figures = widen(this.figures, Math.max(this.figures.length * 2, (instrument + 1) * Pulse.size));
    return instrument * Pulse.size;
  }
}
