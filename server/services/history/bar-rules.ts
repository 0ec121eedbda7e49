/**
 * Decides what happens to our bar when history has the same bar. It is one table for every fetch of history (start,
 * fill, backfill, daily comparison), read from the top; the first matching row decides. Pure: bars in, verdicts out.
 */
import { type Bar, type BarColumns, barAt, BY_OUR_CLOCK, type BarPassport } from "@/server/domain/bars/bar";
import type { Stretch } from "@/server/domain/bars/completeness";
import type { StoredBar, StoredKind } from "@/server/ports/stores";

export type Authority = "broker" | "file";
/**
 * `added`: history has it and we do not. `removed`: the reverse. `kept`, `flagged`: ours stays; a flagged bar needs
 * review.
 */
export type Decided = "equal" | "added" | "kept" | "corrected" | "removed" | "flagged";

/** History prices further than this from the stored bar's range are treated as an error. */
const FAR = 0.1;
/**
 * History must have at least this share of the volume counted from ticks; less is not explained by a trade at the
 * boundary of two bars.
 */
const LEAST_VOLUME = 0.9;
/** Minutes are neighbours if no time lies between them. */
const BORDER_MS = 60_000;

export const figureNames = ["open", "high", "low", "close", "volume"] as const;
export type FigureName = (typeof figureNames)[number];

type Ours = Bar & { passport?: BarPassport };

interface Case {
  ours: Ours;
  theirs: Bar;
  authority: Authority;
  /** It has volume: an index has none. */
  traded: boolean;
  /** Nothing was received during part of the bar, according to the bar or the gap ledger. */
  hole: boolean;
  /** The bars with their neighbours. */
  oursAround: readonly Bar[];
  theirsAround: readonly Bar[];
}

interface Rule {
  /** In words, as it is kept with the difference. */
  rule: string;
  verdict: Exclude<Decided, "added" | "removed">;
  holds(which: Case): boolean;
}

const equal = ({ ours, theirs }: Case): boolean => figureNames.every((figure) => ours[figure] === theirs[figure]);
const isFromHistory = ({ state, ticks }: Bar): boolean =>
  state === "backfilled" || state === "corrected" || ticks === 0;
const isFar = ({ ours, theirs }: Case): boolean =>
  theirs.high > ours.high * (1 + FAR) ||
  theirs.low < ours.low * (1 - FAR) ||
  theirs.low > ours.high * (1 + FAR) ||
  theirs.high < ours.low * (1 - FAR);
const isBar = ({ open, high, low, close, volume }: Bar): boolean =>
  low > 0 && high >= Math.max(open, close) && low <= Math.min(open, close) && volume >= 0;

/** Our ticks were trades at these prices: bars without them are not the whole truth. */
const holdsPrices = (ours: Bar, theirs: readonly Bar[]): boolean =>
  theirs.some(({ high }) => high >= ours.high) && theirs.some(({ low }) => low <= ours.low);
const holdsVolume = (ours: readonly Bar[], theirs: readonly Bar[], traded: boolean): boolean =>
  !traded || volumeOf(theirs) >= volumeOf(ours);
const volumeOf = (bars: readonly Bar[]): number => bars.reduce((sum, { volume }) => sum + volume, 0);

/** Ticks assigned to a second by receive time may belong to the neighbouring bar. */
const byOurClock = ({ ours }: Case): boolean => ((ours.passport?.sources ?? 0) & BY_OUR_CLOCK) !== 0;

/** Both sides have the bar. */
export const barRules: readonly Rule[] = [
  {
    verdict: "flagged",
    rule: "history's open, high, low and close contradict each other",
    holds: ({ theirs }) => !isBar(theirs),
  },
  { verdict: "equal", rule: "both agree", holds: (which) => equal(which) && !which.ours.incomplete },
  { verdict: "corrected", rule: "history confirms a bar that had a gap", holds: equal },
  { verdict: "flagged", rule: `prices are more than ${FAR * 100} % away from the stored prices`, holds: isFar },
  {
    verdict: "kept",
    rule: "the stored bar comes from history, which a file does not replace",
    holds: ({ ours, authority }) => authority === "file" && isFromHistory(ours),
  },
  { verdict: "corrected", rule: "history has changed since it was stored", holds: ({ ours }) => isFromHistory(ours) },
  { verdict: "corrected", rule: "the stored bar had a gap", holds: ({ hole }) => hole },
  {
    verdict: "corrected",
    rule: "ticks were timed by our clock, so some may belong to the next bar",
    holds: byOurClock,
  },
  {
    verdict: "corrected",
    rule: "history includes more than the ticks we received",
    holds: ({ ours, theirs, traded }) => holdsPrices(ours, [theirs]) && holdsVolume([ours], [theirs], traded),
  },
  {
    verdict: "corrected",
    rule: "a trade at the boundary is counted in the neighbouring bar",
    holds: ({ ours, traded, oursAround, theirsAround }) =>
      theirsAround.length > 1 && holdsPrices(ours, theirsAround) && holdsVolume(oursAround, theirsAround, traded),
  },
  {
    verdict: "flagged",
    rule: "history omits a price that traded",
    holds: ({ ours, theirs }) => !holdsPrices(ours, [theirs]),
  },
  {
    verdict: "flagged",
    rule: `history has less than ${LEAST_VOLUME * 100} % of the volume counted from ticks`,
    holds: ({ ours, theirs }) => theirs.volume < ours.volume * LEAST_VOLUME,
  },
  { verdict: "corrected", rule: "history has slightly less volume", holds: () => true },
];

interface Alone {
  ours: Bar;
  traded: boolean;
  /** Volume that history has during the silence before the bar; -1 if there was no silence. */
  behind: number;
}

/** Only we have the bar, and history's response is complete. */
const aloneRules: readonly { rule: string; verdict: "kept" | "flagged" | "removed"; holds(which: Alone): boolean }[] = [
  {
    verdict: "kept",
    rule: "a price arrived without a trade, for which the exchange has no bar",
    holds: ({ ours, traded }) => traded && ours.volume === 0,
  },
  { verdict: "kept", rule: "this bar came from history before", holds: ({ ours }) => isFromHistory(ours) },
  // The first packet after a silence has the day's volume, but not when it traded.
  {
    verdict: "removed",
    rule: "history has its volume in earlier bars; we counted it when the silence ended",
    holds: ({ ours, traded, behind }) => traded && behind >= ours.volume,
  },
  { verdict: "kept", rule: "history has no such bar, and ours has a gap", holds: ({ ours }) => ours.incomplete },
  { verdict: "flagged", rule: "history has no such bar", holds: () => true },
];

/** Decides about one bar that either side has. */
export interface Verdict<Bars extends Ours = Ours> {
  time: number;
  ours: Bars | null;
  theirs: Bar | null;
  verdict: Decided;
  rule: string;
  /** Figures that are not the same: all of a bar that one side lacks. */
  differs: readonly FigureName[];
}

export interface JudgeOrder {
  authority: Authority;
  traded: boolean;
  /**
   * History's response is complete for the span, or for everything that begins before a time (epoch ms), so bars it
   * lacks are judged too.
   */
  whole: boolean | number;
  /** Stretches during which the feed or the instrument sent nothing. */
  away?: readonly Stretch[];
  /** Length of a bar, ms; only with `away`. */
  lengthMs?: number;
}

/** Our bars beside history's, both in order of time. */
export const judgeBars = <Bars extends Ours>(
  ours: readonly Bars[],
  history: BarColumns,
  { authority, traded, whole, away = [], lengthMs = BORDER_MS }: JudgeOrder,
): Verdict<Bars>[] => {
  const wholeUntil = typeof whole === "number" ? whole : whole ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY;
  const silences = (time: number): Stretch[] => away.filter(({ from, to }) => from < time + lengthMs && to > time);
  const told = Array.from({ length: history.length }, (_, row) => barAt(history, row));
  const verdicts: Verdict<Bars>[] = [];
  for (let our = 0, their = 0; our < ours.length || their < told.length;) {
    const mine = ours[our];
    const other = told[their];
    const time = Math.min(mine?.time ?? Number.POSITIVE_INFINITY, other?.time ?? Number.POSITIVE_INFINITY);
    if (mine?.time === time && other?.time === time) {
      const which: Case = {
        ours: mine,
        theirs: other,
        authority,
        traded,
        hole: mine.incomplete || silences(time).length > 0,
        oursAround: around(ours, our++),
        theirsAround: around(told, their++),
      };
      const { verdict, rule } = barRules.find(({ holds }) => holds(which))!;
      verdicts.push({
        time,
        ours: mine,
        theirs: other,
        verdict,
        rule,
        differs: figureNames.filter((figure) => mine[figure] !== other[figure]),
      });
    } else if (mine?.time === time) {
      our++;
      if (time >= wholeUntil) continue;
      const behind = Math.max(
        -1,
        ...silences(time).map(({ from }) =>
          volumeOf(told.filter((bar) => bar.time > from - lengthMs && bar.time < time)),
        ),
      );
      verdicts.push({
        time,
        ours: mine,
        theirs: null,
        ...outcome(aloneRules.find(({ holds }) => holds({ ours: mine, traded, behind }))!),
        differs: figureNames,
      });
    } else {
      their++;
      verdicts.push({
        time,
        ours: null,
        theirs: other!,
        ...(isBar(other!) ? NEW : outcome(barRules[0]!)),
        differs: figureNames,
      });
    }
  }
  return verdicts;
};

/** Traded value is kept only together with its volume, and only if its VWAP lies inside the bar. */
const valueInPlace = (ours: Bar | null, { volume, high, low }: Bar): number =>
  ours !== null && ours.volume === volume && ours.value >= low * volume && ours.value <= high * volume ? ours.value : 0;

/** History's bar in the place of ours. */
export const barInPlace = <T extends StoredKind>(
  instrumentId: number,
  timeframe: T,
  ours: Bar | null,
  theirs: Bar,
): StoredBar & { timeframe: T } => ({
  ...theirs,
  instrumentId,
  timeframe,
  value: valueInPlace(ours, theirs),
  ticks: ours?.ticks ?? 0,
  openInterest: theirs.openInterest >= 0 ? theirs.openInterest : (ours?.openInterest ?? -1),
  rev: (ours?.rev ?? 0) + 1,
  state: ours === null || ours.incomplete ? "backfilled" : "corrected",
  incomplete: false,
});

const NEW = { verdict: "added", rule: "history has a bar that we do not have" } as const;
const outcome = <V extends Decided>({ verdict, rule }: { verdict: V; rule: string }): { verdict: V; rule: string } => ({
  verdict,
  rule,
});
const around = (bars: readonly Bar[], at: number): Bar[] =>
  bars.slice(Math.max(0, at - 1), at + 2).filter(({ time }) => Math.abs(time - bars[at]!.time) <= BORDER_MS);
