import { isLiveError } from "@/components/client/request-error";
import type {
  BarsFrame,
  BarsPage,
  BarsPageRequest,
  BarsSnapshot,
  BarsSubscribe,
  LiveError,
} from "@/server/contract/live";
import { unpackBars, unpackSeries } from "@/server/contract/wire";
import { FORMING } from "@/server/domain/bars/bar";
import type { IndicatorSpec } from "@/server/domain/bars/indicator";
import type { AnyTimeframeName } from "@/server/domain/time/timeframe";
import { type BarPath, KEPT_BARS, MOST_BARS, type SeriesStore } from "./series-store";

/** What a chart shows. */
export interface ChartSubject {
  key: string;
  timeframe: AnyTimeframeName;
  indicators: readonly IndicatorSpec[];
}

/** The part of the tab's live client this needs. */
export interface LiveLink {
  request<T>(event: string, payload?: unknown): Promise<T>;
  on<E>(event: string, handler: (frame: E) => void): () => void;
  onConnect(handler: (again: boolean) => void): () => void;
}

/** Everything of a snapshot but its bytes, which are in the store by then. */
export type SnapshotHead = Omit<BarsSnapshot, "packed" | "values">;

export interface BarsReader {
  /** The store was replaced. `sameBars`: by the same instrument and timeframe, so the view stays where it is. */
  replaced(head: SnapshotHead, sameBars: boolean): void;
  /** Bars missed while away were laid over the store. */
  resumed(head: SnapshotHead, paths: readonly BarPath[]): void;
  /** A page was answered, with this many older bars put in front, or failed with none. */
  paged(rows: number): void;
  /** The oldest bars were dropped: memory has a limit. */
  evicted(): void;
  /** One bar went into the store on that path. */
  bar(path: BarPath, time: number): void;
  /** Values of a bar we hold changed. */
  points(time: number): void;
  /** After the bars of a frame; also when only the price moved. */
  frame(frame: BarsFrame): void;
  phase(phase: FeedPhase): void;
}

export type FeedPhase =
  | { kind: "loading" }
  /** Bars are shown, the stream is being joined again. `since`: start of the last closed bar. */
  | { kind: "catching_up"; since: number }
  | { kind: "live" }
  | { kind: "failed"; code: string; message: string; details: Record<string, unknown> };

export interface BarsFeed {
  open(subject: ChartSubject): void;
  /** The view nears the left edge: fetch the page before it, one at a time. */
  wantOlder(): void;
  /** Asks for the newest bars again: after a failure, or when the newest were evicted. */
  reload(): void;
  /** A hidden tab receives no frames; when it is visible again it requests what it missed. */
  pause(): void;
  resume(): void;
  paging(): boolean;
  /** True when nothing older is stored. */
  atStart(): boolean;
  /** True when scrolling back pushed the newest bars out: the chart no longer follows. */
  detached(): boolean;
  close(): void;
}

const FIRST_BARS = 1_500;
const PAGE_BARS = 1_500;
/** A late patch reaches back a few bars: a resumed answer covers them too. */
const RESUME_OVERLAP = 30;
const EVICT_SLACK = 500;
const HELD_FRAMES = 500;

/**
 * Joins history and the live stream of one chart without a gap. The response to a subscription contains the bars and
 * the number of the last frame included in them; frames continue at the next number. A missing number, a reconnection
 * or a return to the tab requests again from the last closed bar. Responses for an older subject are dropped.
 */
export const barsFeed = (link: LiveLink, store: SeriesStore, reader: BarsReader): BarsFeed => {
  let subject: ChartSubject | null = null;
  /** Instrument and timeframe the store holds bars of. */
  let held: ChartSubject | null = null;
  /** Numbers each question: an answer to any but the latest is late. */
  let question = 0;
  let asking = false;
  let connected = false;
  let paused = false;
  let room: string | null = null;
  let seq = 0;
  /** Frames that came before the answer they follow. */
  let early: BarsFrame[] = [];
  let page: number | null = null;
  let pageNumber = 0;
  let start = false;
  /** A bar in front of ours was left out since the last page was asked for: there is more than that page may know of. */
  let behind = false;
  let cut = false;

  const ask = async (kind: "fresh" | "since"): Promise<void> => {
    if (subject === null || !connected || paused) return;
    const asked = ++question;
    const wanted = subject;
    const same = held !== null && held.key === wanted.key && held.timeframe === wanted.timeframe;
    const since = kind === "since" && same && !cut ? resumePoint(store) : null;
    asking = true;
    early = [];
    const lastClosed = since === null ? null : store.lastClosed();
    reader.phase(lastClosed === null ? { kind: "loading" } : { kind: "catching_up", since: lastClosed });
    const payload: BarsSubscribe = {
      key: wanted.key,
      timeframe: wanted.timeframe,
      indicators: [...wanted.indicators],
      bars: since !== null ? MOST_BARS : Math.max(FIRST_BARS, same && !cut ? Math.min(store.length, MOST_BARS) : 0),
      ...(since === null ? {} : { since }),
    };
    try {
      const answer = await link.request<BarsSnapshot | LiveError>("bars.subscribe", payload);
      if (isLiveError(answer)) throw answer.error;
      if (asked !== question) return;
      join(answer, wanted, since, same);
    } catch (cause) {
      if (asked !== question) return;
      asking = false;
      reader.phase({ kind: "failed", ...refusalOf(cause) });
    }
  };

  const join = (answer: BarsSnapshot, wanted: ChartSubject, since: number | null, same: boolean): void => {
    const bars = unpackBars(answer.packed);
    const { packed: _, values, ...head } = answer;
    const indicators = unpackSeries(head.indicators, values);
    // A response that does not reach back to our bars would leave a gap, so everything is fetched.
    if (since !== null && (bars.length === 0 || bars.time[0]! > since || indicators.length !== store.points.length))
      return void ask("fresh");
    if (room !== null && room !== answer.room) void link.request("bars.unsubscribe", { room }).catch(() => undefined);
    room = answer.room;
    seq = answer.seq;
    asking = false;
    if (since === null) {
      store.replace(bars, indicators);
      held = wanted;
      page = null;
      cut = false;
      start = answer.firstStored === null || (bars.length > 0 && bars.time[0]! <= answer.firstStored);
      reader.replaced(head, same);
    } else {
      reader.resumed(head, store.merge(bars, indicators));
    }
    reader.phase({ kind: "live" });
    const waiting = early;
    early = [];
    for (const frame of waiting) take(frame);
  };

  const take = (frame: BarsFrame): void => {
    if (paused || subject === null) return;
    if (asking) {
      if (early.length < HELD_FRAMES) early.push(frame);
      return;
    }
    if (frame.room !== room || frame.seq <= seq) return;
    if (frame.seq !== seq + 1) return void ask("since");
    seq = frame.seq;
    const newest = store.length === 0 ? Number.NEGATIVE_INFINITY : store.time[store.length - 1]!;
    const first = store.length === 0 ? Number.POSITIVE_INFINITY : store.time[0]!;
    // A bar before ours, with a page still to be read in between, would hide that page; the page contains it.
    const taken = start ? frame.bars : frame.bars.filter((bar) => bar[1] >= first || store.length === 0);
    if (taken.length < frame.bars.length) behind = true;
    const inserted = store.makeRoom(taken.map((bar) => bar[1]));
    for (const bar of taken) {
      // Without the bars in between, a new one would join the old ones.
      if (cut && bar[1] > newest) continue;
      const path = store.put(bar);
      reader.bar(inserted.has(bar[1]) ? "absent" : path, bar[1]);
    }
    // History was filled before our bars, so there may be more of it.
    if (store.length > 0 && store.time[0]! < first) start = false;
    for (const [instance, time, ...values] of frame.points)
      if (store.putPoint(instance!, time!, values)) reader.points(time!);
    reader.frame(frame);
    // One of our bars was removed: its place, and every value computed from it, is read again.
    if (frame.whole?.some(([from, to]) => lost(store, from, to, frame.bars)) === true) return void ask("fresh");
    if (!cut && page === null && store.length > MOST_BARS + EVICT_SLACK) {
      store.evictOldest(KEPT_BARS);
      start = false;
      reader.evicted();
    }
  };

  const older = async (): Promise<void> => {
    if (subject === null || asking || page !== null || start || store.length === 0) return;
    const before = store.time[0]!;
    const asked = ++pageNumber;
    page = asked;
    behind = false;
    try {
      const payload: BarsPageRequest = {
        key: subject.key,
        timeframe: subject.timeframe,
        before,
        bars: PAGE_BARS,
        indicators: [...subject.indicators],
      };
      const answer = await link.request<BarsPage | LiveError>("bars.page", payload);
      if (isLiveError(answer)) throw answer.error;
      if (page !== asked) return;
      const bars = unpackBars(answer.packed);
      const rows = store.prepend(bars, unpackSeries(answer.indicators, answer.values));
      start = !behind && (answer.end || bars.length === 0);
      if (store.length > MOST_BARS) {
        store.evictNewest(MOST_BARS);
        cut = true;
      }
      page = null;
      reader.paged(rows);
    } catch {
      // The next scroll asks again; the bars that are there stay.
      if (page !== asked) return;
      page = null;
      reader.paged(0);
    }
  };

  const endings = [
    link.on<BarsFrame>("bars", take),
    link.onConnect(() => {
      connected = true;
      void ask("since");
    }),
  ];

  return {
    open(next) {
      subject = next;
      page = null;
      void ask("fresh");
    },
    wantOlder: () => void older(),
    reload: () => void ask("fresh"),
    pause() {
      paused = true;
      question++;
      asking = false;
    },
    resume() {
      if (!paused) return;
      paused = false;
      void ask("since");
    },
    paging: () => page !== null,
    atStart: () => start,
    detached: () => cut,
    close() {
      question++;
      for (const end of endings) end();
      if (room !== null && connected) void link.request("bars.unsubscribe", { room }).catch(() => undefined);
      subject = null;
    },
  };
};

/** True if a closed bar of ours begins in [from, to) and is missing from the given ones. */
const lost = (store: SeriesStore, from: number, to: number, told: BarsFrame["bars"]): boolean => {
  const starts = new Set(told.map((bar) => bar[1]));
  for (let row = store.length - 1; row >= 0 && store.time[row]! >= from; row--) {
    if (store.time[row]! < to && store.state[row] !== FORMING && !starts.has(store.time[row]!)) return true;
  }
  return false;
};

/** Start of the bar to request from, or null if there is nothing to continue from. */
const resumePoint = (store: SeriesStore): number | null => {
  const closed = store.lastClosed();
  return closed === null ? null : store.time[Math.max(0, store.rowOf(closed) - RESUME_OVERLAP)]!;
};

const refusalOf = (cause: unknown): { code: string; message: string; details: Record<string, unknown> } => {
  const error = (typeof cause === "object" && cause !== null ? cause : {}) as {
    code?: unknown;
    message?: unknown;
    details?: unknown;
  };
  return {
    code: typeof error.code === "string" ? error.code : "internal",
    message: typeof error.message === "string" ? error.message : String(cause),
    details: (error.details ?? {}) as Record<string, unknown>,
  };
};
