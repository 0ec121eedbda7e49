import type { BarColumns } from "@/server/domain/bars/bar";
import type { CalendarChange } from "@/server/domain/calendar/calendar-edits";
import type { FeedState } from "@/server/domain/ticks/collector";
import type { HoursKey } from "@/server/domain/time/session";

/** Events between parts of the server. Instruments are dense numbers, times epoch ms. */
export interface EventMap {
  /** History changed bars of [from, to) that readers may have. */
  barsChanged: { instrument: number; from: number; to: number };
  /** An edit of the calendar is in force. */
  calendarEdited: { change: CalendarChange; hours: readonly HoursKey[] };
  /** A feed has brought nothing since `from`: its line is lost, or it is up and silent. */
  feedLost: { collector: string; from: number; cause: "disconnect" | "silence"; reason: string };
  /** The silence of a feed ended at `to`. */
  feedBack: { collector: string; to: number };
  /** The first tick of a collector since the start. */
  feedStarted: { collector: string; at: number };
  feedChanged: { collector: string; state: FeedState; reason: string };
  /** A broker's list that was read while its feed runs has brought instruments that were missing. */
  instrumentsAdded: { collector: string; instruments: readonly number[] };
  /** A broker's history of [from, to) is committed: where it has no bar, nothing traded. */
  historyAnswered: { instrument: number; timeframe: "1m" | "1d"; from: number; to: number; bars: BarColumns };
}

type Listener<Event> = (event: Event) => void | Promise<void>;

/**
 * Parts that tell others emit here; parts that ask others import them. Listeners run at once, in the order in which they
 * began to listen. One that fails stops neither the others nor whoever emits.
 */
export interface Events {
  /** The returned function ends the listening. */
  on<Name extends keyof EventMap>(name: Name, listener: Listener<EventMap[Name]>): () => void;
  emit<Name extends keyof EventMap>(name: Name, event: EventMap[Name]): void;
  /** As `emit`, and waits for what the listeners do. Rejects with the first failure, after all of them have ended. */
  emitAndWait<Name extends keyof EventMap>(name: Name, event: EventMap[Name]): Promise<void>;
}

export const createEvents = (failed: (name: keyof EventMap, cause: unknown) => void): Events => {
  const listeners: { [Name in keyof EventMap]?: readonly Listener<EventMap[Name]>[] } = {};
  const call = <Name extends keyof EventMap>(name: Name, event: EventMap[Name]): Promise<void>[] =>
    (listeners[name] ?? []).map(async (listener: Listener<EventMap[Name]>) => listener(event));
  return {
    on(name, listener) {
      const set = (list: readonly Listener<never>[]): void => {
        listeners[name] = list as never;
      };
      set([...(listeners[name] ?? []), listener]);
      return () => set((listeners[name] ?? []).filter((each) => each !== listener));
    },
    emit(name, event) {
      for (const done of call(name, event)) done.catch((cause: unknown) => failed(name, cause));
    },
    async emitAndWait(name, event) {
      const ended = await Promise.allSettled(call(name, event));
      const failure = ended.find((each) => each.status === "rejected");
      if (failure !== undefined) throw failure.reason;
    },
  };
};
