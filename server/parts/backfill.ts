import { fnv1a } from "@/server/domain/basics/fnv";
import { exchanges } from "@/server/domain/calendar/calendar";
import type { Stretch } from "@/server/domain/bars/completeness";
import { AppError } from "@/server/domain/basics/errors";
import { type Instrument, splitKey } from "@/server/domain/instruments/instrument";
import type { InstrumentTable } from "@/server/domain/instruments/instrument-table";
import type { Calendar } from "@/server/domain/time/session";
import type { RefusedRows } from "@/server/domain/bars/told-rows";
import type { Clock } from "@/server/ports/clock";
import type { RecentBars } from "@/server/ports/live";
import type { Log } from "@/server/ports/observe";
import type { Unreadable } from "@/server/ports/stored";
import type { Store } from "@/server/ports/stores";
import { feeds } from "@/server/feeds";
import { recordedInstrument } from "@/server/feeds/replay";
import { openSource, parseSource } from "@/server/history-sources";
import { brokerSource } from "@/server/history-sources/broker";
import { Backfill } from "@/server/services/history/jobs";
import type { HistoryAccess } from "@/server/ports/history-source";
import type { Instruments } from "@/server/services/market/instruments";
import type { RequestPaces } from "@/server/services/history/request-pace";

interface Parts {
  store: Store;
  recent: RecentBars;
  table: InstrumentTable;
  instruments: Instruments;
  calendar: Calendar;
  /** Market time. */
  clock: Clock;
  wall: Clock;
  log: Log;
  paces: RequestPaces;
  /** The history of a connected login of a feed, by the feed's id. */
  login(feed: string): HistoryAccess | undefined;
  changed(instrument: number, from: number, to: number): Promise<void>;
  /** Stretches during which the feed sent nothing for an instrument (its dense number). */
  away(instrument: number, from: number, to: number): Promise<readonly Stretch[]>;
  /** Called with rejected rows of a response. */
  refused(instrument: number, rows: RefusedRows): void;
  /** Called once for a stored job that is unreadable. */
  unreadable?: Unreadable;
  /** Closes gaps of the ledger that have been filled. */
  review(by: string): Promise<void>;
}

/** Vendor of instruments known only from a file. */
const FILE_VENDOR = "file";

/** A number for a file's instrument, as brokers have one: FNV-1a over its key, 31 bits. */
const tokenOf = (key: string): number => fnv1a(key) >>> 1;

/** The backfill service over the parts of a server, or of a command line that opened the store itself. */
export const createBackfill = (parts: Parts): Backfill => {
  const { store, table, instruments, calendar, clock, wall, log, paces } = parts;
  const brokers = feeds.map(({ id }) => id);
  const rowOf = (id: number): number => {
    const index = table.indexOfId(id);
    if (index === -1) throw new AppError("not_found", `instrument ${id} no longer exists`);
    return index;
  };
  const hours = ({ id }: Pick<Instrument, "id">): string => table.hours(rowOf(id));
  const loginOf = (name: string): HistoryAccess => {
    const login = parts.login(name);
    if (login === undefined)
      throw new AppError("broker_unreachable", `${name} has no connected login, so its history cannot be requested`, {
        retryable: true,
        details: { field: "source", value: name },
      });
    return login;
  };
  return new Backfill({
    bars: store.bars,
    recent: parts.recent,
    jobs: store.jobs,
    gaps: store.gaps,
    calendar,
    clock,
    wall,
    log,
    instrument: (id) => ({ instrument: table.at(rowOf(id)), hours: hours({ id }) }),
    changed: (id, from, to) => parts.changed(rowOf(id), from, to),
    away: (id, from, to) => parts.away(rowOf(id), from, to),
    refused: (id, rows) => parts.refused(rowOf(id), rows),
    review: parts.review,
    unreadable: parts.unreadable,
    isAlone: () => store.describe().kind === "embedded",
    pace: ({ authority, name }, { requestsPerSecond }) =>
      authority === "broker" ? paces.of(loginOf(name).login, requestsPerSecond) : null,
    open: (source, order) =>
      openSource(
        parseSource(source, brokers),
        { ...order, calendar, hours, now: Math.max(clock.now(), wall.now()) },
        (name) => {
          const login = loginOf(name);
          // The login may be replaced while a long job runs.
          return brokerSource(name, {
            definition: login.definition,
            get login() {
              return login.login;
            },
            token: (instrument) => login.token(rowOf(instrument.id)),
          });
        },
      ),
    names: {
      standardSource: () => feeds.find(({ id }) => parts.login(id) !== undefined)?.id ?? feeds[0]!.id,
      resolve: (text) => table.at(instruments.resolve(text)).id,
      watchlists: () => store.watchlists.list(),
      async introduce(key) {
        const known = splitKey(key);
        if (known === null || !(exchanges as readonly string[]).includes(known.exchange)) return null;
        await instruments.take(FILE_VENDOR, {
          listed: [{ ...recordedInstrument(key), token: tokenOf(key) }],
          leftOut: [],
        });
        return table.at(instruments.resolve(key)).id;
      },
    },
  });
};
