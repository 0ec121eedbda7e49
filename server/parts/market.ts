/** Instruments, their hours, and the feeds that deliver them. */
import { hoursIfKnown } from "@/server/domain/calendar/calendar";
import { SessionWindows } from "@/server/domain/calendar/session-window";
import { InstrumentTable } from "@/server/domain/instruments/instrument-table";
import { feedOf, feeds } from "@/server/feeds";
import type { FeedDefinition } from "@/server/ports/feed";
import { FeedNumbers } from "@/server/services/collecting/feed-numbers";
import { ExchangeCalendar } from "@/server/services/market/exchange-calendar";
import { Instruments } from "@/server/services/market/instruments";
import type { Base } from "./base";
import type { Part } from "./lifecycle";

export type Market = ReturnType<typeof createMarket>;

export const createMarket = ({ clock, wall, log, metrics, events, eventLog, store, recording }: Base) => {
  const table = new InstrumentTable();
  const calendar = new ExchangeCalendar({
    store: store.calendarEdits,
    wall,
    clock,
    changed: (change, hours) => events.emit("calendarEdited", { change, hours }),
    hoursOf: (key) => {
      const index = table.indexOf(key);
      return index === -1 ? null : table.hours(index);
    },
  });
  const windows = new SessionWindows(calendar, table);
  events.on("calendarEdited", ({ change, hours }) => {
    windows.reset();
    const { date, name, type } = (change.after ?? change.before)!;
    const what = change.after === null ? "withdrawn" : change.before === null ? "added" : "replaced";
    eventLog.add("info", "calendar", `${what}: ${type}, ${name}, ${date} (${hours.join(", ")})`);
    log.info("calendar edited", { change: change.id, edit: change.edit, who: change.who, note: change.note });
  });
  const instruments = new Instruments({
    store: store.instruments,
    table,
    clock,
    hoursOf: (instrument, closingAuction) => hoursIfKnown(instrument, { closingAuction }),
    brokers: feeds,
    pause: () => wall.sleep(0),
  });
  const replayed = recording?.feed(calendar, log, metrics);
  const lifecycle: Part[] = [
    { name: "calendar", start: () => calendar.load() },
    { name: "instruments", start: () => instruments.load() },
  ];
  return {
    table,
    calendar,
    windows,
    instruments,
    feedNumbers: new FeedNumbers(),
    feedOf: (id: string): FeedDefinition => (replayed?.id === id ? replayed : feedOf(id)),
    /** What a chart shows by default. */
    firstInstrument(): string | null {
      for (const key of ["SIM:RELIANCE", "NSE:RELIANCE"]) if (table.indexOf(key) !== -1) return key;
      return table.size === 0 ? null : table.at(0).key;
    },
    lifecycle,
  };
};
