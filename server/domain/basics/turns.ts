/**
 * Long work in turns: after a number of units (about a microsecond each), other work waiting for the event loop goes
 * first. `pause` lets it run, and rejects when the client of the work has disconnected.
 */
export class Turns {
  private done = 0;
  constructor(
    private readonly pause: () => Promise<void>,
    private readonly size = 3_000,
  ) {}

  /** Counts work done; to be awaited. */
  take(units: number): Promise<void> | undefined {
    this.done += units;
    if (this.done < this.size) return undefined;
    this.done = 0;
    return this.pause();
  }
}

const PIECE = 500;

/** A list made row by row, in turns; a row costs about two units. */
export const inTurns = async <T>(turns: Turns, count: number, make: (row: number) => T): Promise<T[]> => {
  const made: T[] = [];
  for (let row = 0; row < count; row++) {
    made.push(make(row));
    if (row % PIECE === PIECE - 1) await turns.take(2 * PIECE);
  }
  return made;
};

/** A long list as JSON, in turns. */
export const jsonInTurns = async (turns: Turns, rows: readonly unknown[]): Promise<string> => {
  const parts: string[] = [];
  for (let from = 0; from < rows.length; from += PIECE) {
    const text = JSON.stringify(rows.slice(from, from + PIECE));
    parts.push(text.slice(1, -1));
    await turns.take(4 * PIECE);
  }
  return `[${parts.join(",")}]`;
};
