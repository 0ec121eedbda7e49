/** Runs a round through the pipeline's own stages, in one piece, resumed, or split, and keeps the bars as the store would. */
import { type BarBatch, type BarPassport, CLOSE, joinPassports, PATCH, passportAt } from "@/server/domain/bars/bar";
import type { TradingCalendar } from "@/server/domain/calendar/calendar";
import { InstrumentTable, TokenMap } from "@/server/domain/instruments/instrument-table";
import { SessionWindows } from "@/server/domain/calendar/session-window";
import { rawBatch, type TickMessage } from "@/server/domain/ticks/tick";
import { SecondBars } from "@/server/pipeline/second-bars";
import { AuctionBars } from "@/server/pipeline/auction";
import { Normaliser } from "@/server/pipeline/normalise";
import { TimeframeBars } from "@/server/pipeline/resample";
import { testInstrument } from "./pipeline-rig";
import { barKey, type ExpectedBar, type Happening, type Round, WATERMARK } from "./session-rounds";

export class SessionRig {
  readonly bars = new Map<number, ExpectedBar>();
  /** Bars closed twice. */
  doubled = 0;
  private readonly normaliser: Normaliser;
  private seconds = new SecondBars(WATERMARK, false);
  private readonly table = new InstrumentTable();
  private timeframes: TimeframeBars;
  private readonly auctions: AuctionBars;
  private raw = rawBatch(64);
  private readonly read = (batch: BarBatch): void => {
    for (let row = 0; row < batch.length; row++) this.keep(batch, row);
  };
  private readonly toDay = (batch: BarBatch): void => {
    this.read(batch);
    this.timeframes.onAuctions(batch, this.read);
  };
  private readonly toBars = (batch: BarBatch): void => this.timeframes.on(batch, this.read);
  private readonly toStages = (message: TickMessage): void => {
    this.auctions.on(message, this.toDay);
    this.seconds.on(message, this.toBars);
  };

  constructor(
    private readonly round: Round,
    private readonly calendar: TradingCalendar,
    private readonly own: (instrument: number) => boolean = () => true,
  ) {
    const tokens = new TokenMap();
    round.hours.forEach((hours, instrument) => {
      const index = hours === "NSE_INDEX";
      const number = this.table.put(
        testInstrument(
          instrument + 1,
          index ? { key: `NSE_INDEX:I${instrument}`, exchange: "NSE_INDEX", segment: "index" } : {},
        ),
        hours,
      );
      tokens.set(instrument + 1_000, number, 1);
    });
    const windows = new SessionWindows(calendar, this.table);
    this.normaliser = new Normaliser({
      table: this.table,
      windows,
      tokens: () => tokens,
      maxSkewMs: 0,
      maxAgeMs: Number.POSITIVE_INFINITY,
    });
    this.timeframes = new TimeframeBars(calendar, this.table, this.seconds, true);
    this.auctions = new AuctionBars(windows, this.table, {
      dayVolume: (each) => this.seconds.dayVolume(each),
      volumeDay: (each) => this.seconds.volumeDay(each),
    });
  }

  /** `clocked`: time passes before each frame, as it does live; a recording without late rows needs no clock. */
  play(happenings: readonly Happening[], clocked = true, batchRows = 0): void {
    for (const happening of batchRows === 0 ? happenings : rebatched(happenings, batchRows)) {
      if (clocked) this.at(happening.received);
      if (happening.kind === "lost") {
        for (const kind of ["disconnected", "connected"] as const)
          this.normaliser.on(
            { kind, collector: this.round.collector, receivedTime: happening.received, detail: "" },
            this.toStages,
          );
        continue;
      }
      if (happening.rows.length > this.raw.token.length) this.raw = rawBatch(happening.rows.length);
      const { raw } = this;
      raw.length = 0;
      raw.receivedTime = happening.received;
      raw.collector = this.round.collector;
      for (const row of happening.rows) {
        if (!this.own(row.instrument)) continue;
        const at = raw.length++;
        raw.token[at] = row.instrument + 1_000;
        raw.price[at] = row.price;
        raw.volume[at] = this.round.hours[row.instrument] === "NSE_INDEX" ? -1 : row.volume;
        raw.exchangeTime[at] = row.time;
        raw.openInterest[at] = row.openInterest;
      }
      if (raw.length > 0) this.normaliser.on(raw, this.toStages);
    }
  }

  /** Stages rebuilt from snapshots of the old ones. */
  restart(): void {
    const [seconds, timeframes] = [this.seconds.snapshot(), this.timeframes.snapshot()];
    this.seconds = new SecondBars(WATERMARK, false);
    this.seconds.restore(seconds);
    this.timeframes = new TimeframeBars(this.calendar, this.table, this.seconds, true);
    this.timeframes.restore(timeframes);
  }

  finish(): void {
    this.seconds.finish(this.toBars);
    this.auctions.finish(this.toDay);
    this.timeframes.finish(this.read);
  }

  private at(now: number): void {
    this.auctions.at(now, this.toDay);
    this.seconds.at(now, this.toBars);
    this.timeframes.at(now, this.read);
  }

  private keep(batch: BarBatch, row: number): void {
    const key = barKey(batch.instrument[row]!, batch.timeframe[row]!, batch.time[row]!);
    const known = this.bars.get(key);
    const bar: ExpectedBar = {
      time: batch.time[row]!,
      open: batch.open[row]!,
      high: batch.high[row]!,
      low: batch.low[row]!,
      close: batch.close[row]!,
      volume: batch.volume[row]!,
      value: batch.value[row]!,
      openInterest: batch.openInterest[row]!,
      ...passportAt(batch, row),
      ticks: batch.ticks[row]!,
      end: batch.end[row]!,
      incomplete: batch.incomplete[row] === 1,
      state: batch.state[row]!,
      rev: batch.rev[row]!,
      patches: batch.event[row] === PATCH ? 1 : 0,
      mostPatches: 0,
    };
    if (batch.event[row] === CLOSE) {
      if (known !== undefined && known.ticks > known.late) {
        this.doubled++;
        return;
      }
      this.bars.set(key, known === undefined ? bar : patched(bar, known));
    } else if (batch.event[row] === PATCH) this.bars.set(key, known === undefined ? bar : patched(known, bar));
  }
}

/** The same rows in the same order, so many a batch. */
const rebatched = (happenings: readonly Happening[], batchRows: number): Happening[] => {
  const rows = happenings.flatMap((each) => (each.kind === "rows" ? each.rows : []));
  const received = happenings.at(-1)!.received;
  return Array.from({ length: Math.ceil(rows.length / batchRows) }, (_, batch) => ({
    kind: "rows" as const,
    rows: rows.slice(batch * batchRows, (batch + 1) * batchRows),
    received,
  }));
};

/** What the store makes of late ticks alone (`patchBars`): each is a revision. */
const patched = (bar: ExpectedBar, late: ExpectedBar): ExpectedBar => ({
  ...bar,
  ...(joinPassports(bar, late) satisfies BarPassport),
  time: bar.time,
  high: Math.max(bar.high, late.high),
  low: Math.min(bar.low, late.low),
  volume: bar.volume + late.volume,
  value: bar.value + late.value,
  ticks: bar.ticks + late.ticks,
  open: late.firstTime < bar.firstTime ? late.open : bar.open,
  close: late.lastTime >= bar.lastTime ? late.close : bar.close,
  openInterest: late.openInterest >= 0 ? late.openInterest : bar.openInterest,
  incomplete: bar.incomplete || late.incomplete,
  state: late.state,
  rev: bar.rev + late.rev,
  patches: bar.patches + late.patches,
});
