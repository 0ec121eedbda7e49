import { istDay } from "@/server/domain/time/session";
import { inDoubt } from "@/server/files/doubt";
import type { OpenTable } from "@/server/files/read-table";

/** So many rows are looked at. */
const LOOK = 4_096;
/** Fewer steps back are faults of a feed; more than one in so many moves are none. */
const LEAST_FALLS = 5;
const OFTEN = 5;

/** Looks whether a recording's volume is the day's so far, which does not fall, or each trade's own, which falls as often as it rises. */
export class VolumeWatch {
  private readonly rows: { time: number; volume: number; line: number }[] = [];
  private checked = 0;
  private isSettled: boolean;

  constructor(
    private readonly table: OpenTable,
    private readonly onDoubt: (doubt: Error) => void,
  ) {
    this.isSettled = table.seen.places.volume === -1 || table.rules.wishes.has("volume");
  }

  saw(time: number, volume: number, line: number): void {
    // A feed that has no figure says 0 or nothing.
    if (!this.isSettled && volume > 0 && this.rows.length < LOOK) this.rows.push({ time, volume, line });
  }

  /** What was seen so far, in order of time. */
  check(): void {
    const { rows } = this;
    if (this.isSettled || rows.length === this.checked) return;
    this.checked = rows.length;
    const inOrder = rows.toSorted((a, b) => a.time - b.time);
    let moves = 0;
    const fell: typeof rows = [];
    for (let at = 1; at < inOrder.length; at++) {
      const [before, row] = [inOrder[at - 1]!, inOrder[at]!];
      if (istDay(before.time) !== istDay(row.time) || before.volume === row.volume) continue;
      moves++;
      if (row.volume < before.volume) fell.push(row);
    }
    if (fell.length < LEAST_FALLS || fell.length * OFTEN <= moves) return;
    this.isSettled = true;
    const { line, volume } = fell[0]!;
    this.onDoubt(
      inDoubt({
        file: this.table.file,
        line,
        unit: this.table.seen.unit,
        field: "volume",
        value: volume,
        why: `a day's volume never falls, but this one falls in ${fell.length} of ${moves} rows that change it: it seems to be each trade's volume`,
        option: "--columns volume=none, or --columns volume=NAME (or its number) if it is the day's volume,",
      }),
    );
  }
}
