import { describe, expect, it } from "vitest";
import { createCalendar } from "@/server/domain/calendar/calendar";
import { InstrumentTable, TokenMap } from "@/server/domain/instruments/instrument-table";
import { SessionWindows } from "@/server/domain/calendar/session-window";
import {
  AUCTION,
  EXCHANGE_CLOCK,
  IN_TIME,
  JOINED,
  rawBatch,
  TRADE,
  type TickMessage,
} from "@/server/domain/ticks/tick";
import { testInstrument } from "@/server/testing/pipeline-rig";
import { Normaliser } from "./normalise";

const noon = Date.parse("2024-08-13T12:00:00+05:30");
interface Row {
  token?: number;
  price?: number;
  volume?: number;
  time?: number;
  received?: number;
  collector?: number;
}

const setUp = (
  lastCollector = 0,
  maxAgeMs = 60_000,
  tradedAt?: () => number | null,
  closeBefore?: () => number | null,
) => {
  const table = new InstrumentTable();
  const tokens = new TokenMap();
  tokens.set(11, table.put(testInstrument(1), "NSE"), 1);
  tokens.set(
    22,
    table.put(testInstrument(2, { key: "NSE_INDEX:NIFTY 50", exchange: "NSE_INDEX", segment: "index" }), "NSE_INDEX"),
    1,
  );
  tokens.set(
    33,
    table.put(testInstrument(3, { key: "CDS:USDINR", exchange: "CDS", segment: "currency", decimals: 4 }), "CDS"),
    1_000,
  );
  const normaliser = new Normaliser({
    table,
    windows: new SessionWindows(createCalendar(), table),
    tokens: (collector) => (collector <= lastCollector ? tokens : undefined),
    maxSkewMs: 2_000,
    maxAgeMs,
    ...(tradedAt === undefined ? {} : { tradedAt }),
    ...(closeBefore === undefined ? {} : { closeBefore }),
  });
  const send = (...rows: Row[]) => {
    const batch = rawBatch(rows.length);
    batch.length = rows.length;
    batch.receivedTime = rows[0]!.received ?? noon;
    batch.collector = rows[0]!.collector ?? 0;
    rows.forEach((row, at) => {
      batch.token[at] = row.token ?? 11;
      batch.price[at] = row.price ?? 10_000;
      batch.volume[at] = row.volume ?? -1;
      batch.exchangeTime[at] = row.time ?? noon;
      batch.openInterest[at] = -1;
    });
    const out: { instrument: number; price: number; time: number; trades: number; clock: number; flags: number }[] = [];
    normaliser.on(batch, (message: TickMessage) => {
      if (message.kind !== "ticks") return;
      for (let at = 0; at < message.length; at++)
        out.push({
          instrument: message.instrument[at]!,
          price: message.price[at]!,
          time: message.time[at]!,
          trades: message.flags[at]! & TRADE,
          clock: message.flags[at]! & EXCHANGE_CLOCK ? 1 : 0,
          flags: message.flags[at]!,
        });
    });
    return out;
  };
  return { normaliser, send, table };
};

describe("the normaliser", () => {
  it("finds the instrument and brings prices to its minor units", () => {
    const { send } = setUp();
    expect(send({ price: 12_345 }, { token: 33, price: 841_375_000 })).toMatchObject([
      { instrument: 0, price: 12_345, trades: 1 },
      { instrument: 2, price: 841_375 },
    ]);
  });

  it.each([
    ["unknown_token", { token: 99 }],
    ["unknown_token", { collector: 7 }],
    ["zero_price", { price: 0 }],
    ["zero_price", { price: -5 }],
    ["impossible_price", { price: 2 ** 32 - 1 }],
    ["impossible_price", { price: Number.NaN }],
    ["future_time", { time: noon + 2_001 }],
  ] as const)("refuses %s and counts it", (reason, row) => {
    const { normaliser, send } = setUp();
    expect(send(row)).toEqual([]);
    expect(normaliser.rejects[reason]).toBe(1);
    expect(normaliser.board.price(0)).toBe(0);
  });

  it("does not take a book's move for a trade in the second of a connect, after a first packet without a time of its own", () => {
    const { normaliser, send } = setUp();
    normaliser.on({ kind: "connected", collector: 0, receivedTime: noon, detail: "" }, () => {});
    const during = noon + 400; // the exchange stamps whole seconds
    expect(send({ price: 9_990, volume: 100, time: 0, received: during })).toMatchObject([{ trades: 0 }]);
    expect(send({ price: 9_990, volume: 100, received: during })).toMatchObject([{ trades: 0 }]); // the same packet in full
    expect(send({ price: 10_000, volume: 105, received: during + 100 })).toMatchObject([{ trades: 1 }]);
    expect(send({ price: 10_000, volume: 105, time: noon + 1_000, received: during + 700 })).toMatchObject([
      { trades: 0 },
    ]);
  });

  it("refuses a repeated row, not a repeated price of a later time", () => {
    const { normaliser, send } = setUp();
    expect(send({ volume: 5 }, { volume: 5 }, { volume: 5, time: noon + 1_000 }).length).toBe(2);
    expect(normaliser.rejects.duplicate).toBe(1);
  });

  it("lets the quote move outside the session, but no bar", () => {
    const { normaliser, send } = setUp();
    const preOpen = Date.parse("2024-08-13T09:07:00+05:30");
    expect(send({ time: preOpen, received: preOpen, price: 775 })).toMatchObject([{ flags: AUCTION | EXCHANGE_CLOCK }]);
    const night = preOpen + 9 * 3_600_000;
    expect(send({ time: night, received: night, price: 780 })).toMatchObject([{ flags: EXCHANGE_CLOCK }]);
    expect([normaliser.rejects.auction, normaliser.rejects.outside_session, normaliser.board.price(0)]).toEqual([
      1, 1, 780,
    ]);
  });

  it("lets a snapshot of another day move the quote, but no bar", () => {
    const { normaliser, send } = setUp();
    expect(send({ time: noon - 60_001 })).toMatchObject([{ trades: 0 }]);
    expect(normaliser.rejects.stale_time).toBe(1);
  });

  it("calls it no trade when only the book moved; of an index every value counts", () => {
    const { send } = setUp();
    const later = noon + 1_000;
    expect(
      send(
        { volume: 5 },
        { volume: 5, time: later },
        { volume: 6, time: later },
        { volume: 6, price: 10_005, time: later },
      ).map(({ trades }) => trades),
    ).toEqual([1, 0, 1, 1]);
    expect(send({ token: 22 }, { token: 22, time: later }).map(({ trades }) => trades)).toEqual([1, 1]);
  });

  it("takes the receive time where a packet has none, and says whose clock it was", () => {
    const { send } = setUp();
    send({ time: noon });
    expect(send({ time: 0, received: noon + 500, price: 10_005 })).toMatchObject([{ time: noon + 500, clock: 0 }]);
  });

  it("does not turn the quote back for a row that comes late", () => {
    const { normaliser, send } = setUp();
    send({ price: 105, time: noon }, { price: 95, time: noon - 1_000 });
    expect([normaliser.board.price(0), normaliser.board.total]).toEqual([105, 2]);
  });

  describe("doubts a price", () => {
    it("off the instrument's grid, and lets it in when it insists: then the listing is wrong", () => {
      const { normaliser, send } = setUp();
      expect(send({ price: 10_003 }, { price: 10_005 }).map(({ price }) => price)).toEqual([10_005]);
      expect(
        send({ price: 10_006 }, { price: 10_007 }, { price: 10_008 }, { price: 10_009 }).map(({ price }) => price),
      ).toEqual([10_008, 10_009]);
      expect(normaliser.rejects.off_tick).toBe(4);
    });
    it("beyond the day's limits, where they are known", () => {
      const { normaliser, send, table } = setUp();
      table.setLimits(0, 9_000, 11_000);
      expect(
        send({ price: 8_995 }, { price: 9_000 }, { price: 11_005 }, { price: 11_000 }).map(({ price }) => price),
      ).toEqual([9_000, 11_000]);
      expect(normaliser.rejects.outside_limits).toBe(2);
    });
    it.each([
      ["above", 10_000, 100_005],
      ["below", 10_000, 995],
      ["of a split", 10_000, 850],
    ])("far %s the last one that is known, until a second packet agrees", (_, known, far) => {
      const { normaliser, send, table } = setUp();
      table.setReference(0, known);
      expect(send({ price: far, volume: 5, time: noon })).toEqual([]);
      expect([normaliser.rejects.doubtful_price, normaliser.board.price(0)]).toEqual([1, 0]);
      expect(
        send({ price: far + 5, volume: 6, time: noon + 1_000 }, { price: far, volume: 7, time: noon + 1_000 }).map(
          ({ price }) => price,
        ),
        "a corporate action gets through",
      ).toEqual([far + 5, far]);
      expect(normaliser.rejects.doubtful_price).toBe(1);
    });
    it("as far as ten times and a tenth no more", () => {
      for (const price of [100_000, 1_000]) {
        const { normaliser, send, table } = setUp();
        table.setReference(0, 10_000);
        expect(send({ price })).toHaveLength(1);
        expect(normaliser.rejects.doubtful_price).toBe(0);
      }
    });
    it("that comes once among good ones, as often as it comes, also as the same packet twice", () => {
      const { normaliser, send, table } = setUp();
      table.setReference(0, 10_000);
      const broken = { price: 1_000_000, volume: 6, time: noon + 1_000 };
      expect(
        send(
          { price: 10_000, volume: 5, received: noon + 10_000 },
          broken,
          broken,
          { price: 10_000, volume: 7, time: noon + 2_000 },
          { ...broken, time: noon + 3_000, volume: 8 },
          { price: 10_005, volume: 9, time: noon + 4_000 },
          { ...broken, time: noon + 5_000, volume: 10 },
          { price: 5_000, volume: 11, time: noon + 6_000 },
        ).map(({ price }) => price),
      ).toEqual([10_000, 10_000, 10_005, 5_000]);
      expect(normaliser.rejects.doubtful_price).toBe(4);
    });
    it("by the close a packet tells where nothing is stored, and by the price before where it tells none", () => {
      const told = setUp(0, 60_000, undefined, () => 10_000);
      expect(told.send({ price: 1_000_000 }, { price: 10_000, time: noon + 1_000 }).map(({ price }) => price)).toEqual([
        10_000,
      ]);
      const untold = setUp();
      expect(
        untold
          .send({ price: 10_000 }, { price: 1_000_000, time: noon + 1_000 }, { price: 10_005, time: noon + 2_000 })
          .map(({ price }) => price),
      ).toEqual([10_000, 10_005]);
    });
    it("never where the day's limits are known: those decide", () => {
      const { normaliser, send, table } = setUp();
      table.setReference(0, 100);
      table.setLimits(0, 9_000, 11_000);
      expect(send({ price: 10_000 }).map(({ price }) => price)).toEqual([10_000]);
      expect(normaliser.rejects.doubtful_price).toBe(0);
    });
    it("of an index, too", () => {
      const { send, table } = setUp();
      table.setReference(1, 2_345_678);
      expect(
        send({ token: 22, price: 234_567, time: noon }, { token: 22, price: 2_345_680, time: noon + 1_000 }).map(
          ({ price }) => price,
        ),
      ).toEqual([2_345_680]);
    });

    it("off the grid, but not the value of an index", () => {
      const { send } = setUp();
      expect(send({ token: 22, price: 2_345_678 })).toHaveLength(1);
    });
  });

  it("marks the first row of a connection: the last packet known, no tick of now, dated or not", () => {
    const { normaliser, send } = setUp();
    normaliser.on({ kind: "connected", collector: 0, receivedTime: noon, detail: "" }, () => undefined);
    expect(
      send({ time: 0, price: 10_000, volume: 5 }, { time: 0, price: 10_005, volume: 6 }).map(({ flags }) => flags),
    ).toEqual([JOINED, TRADE]);
    expect(normaliser.rejects.first_after_connect).toBe(1);
    normaliser.on({ kind: "connected", collector: 0, receivedTime: noon, detail: "" }, () => undefined);
    const value = { token: 22, price: 2_345_678, volume: -1 };
    expect(
      send(
        { time: noon + 1_000, price: 10_010, volume: 9 },
        { ...value, time: noon + 1_000 },
        { ...value, time: noon + 2_000 },
      ).map(({ flags }) => flags),
    ).toEqual([JOINED | EXCHANGE_CLOCK, JOINED | EXCHANGE_CLOCK, TRADE | EXCHANGE_CLOCK]);
    expect(normaliser.rejects.first_after_connect).toBe(3);
  });

  it.each([
    ["08:50:00", 0, JOINED | IN_TIME],
    ["09:05:00", 0, JOINED | IN_TIME],
    ["09:05:00", 1, JOINED | IN_TIME | AUCTION | EXCHANGE_CLOCK],
    ["15:31:00", 0, JOINED | IN_TIME],
    ["09:14:59", 0, JOINED],
    ["09:15:20", 0, JOINED],
    ["15:29:59", 0, JOINED],
  ])(
    "says of a connection that came at %s whether it came in time for what trades next (dated: %s)",
    (clock, dated, flags) => {
      const { normaliser, send } = setUp();
      const received = Date.parse(`2024-08-13T${clock}+05:30`);
      normaliser.on({ kind: "connected", collector: 0, receivedTime: received, detail: "" }, () => undefined);
      expect(send({ time: dated * received, received, volume: 5 }).map((row) => row.flags)).toEqual([flags]);
    },
  );

  it("marks the first row after a silence, too: what it counts was traded in the silence, and no minute it comes in has seen it", () => {
    const { normaliser, send } = setUp();
    normaliser.on({ kind: "connected", collector: 0, receivedTime: noon, detail: "" }, () => undefined);
    send({ volume: 5 }, { volume: 6, time: noon + 1_000 });
    normaliser.on({ kind: "silent", collector: 0, receivedTime: noon, detail: "" }, () => undefined);
    expect(
      send(
        { volume: 98, time: noon + 61_000, received: noon + 61_000 },
        { volume: 99, time: noon + 62_000, received: noon + 62_000 },
      ).map(({ flags }) => flags),
    ).toEqual([JOINED | EXCHANGE_CLOCK, TRADE | EXCHANGE_CLOCK]);
  });

  it.each([
    ["a trade of this second", noon + 61_000, JOINED | TRADE | EXCHANGE_CLOCK],
    ["one of the silence", noon + 30_000, JOINED | EXCHANGE_CLOCK],
    ["one of a time it does not say", null, JOINED | EXCHANGE_CLOCK],
  ])("but takes it for a trade where it tells %s", (_, traded, flags) => {
    const { normaliser, send } = setUp(0, 60_000, () => traded);
    const at = { time: noon + 61_000, received: noon + 61_000 };
    normaliser.on({ kind: "connected", collector: 0, receivedTime: noon, detail: "" }, () => undefined);
    send({ volume: 5 }, { token: 22, price: 2_345_678, volume: -1 });
    normaliser.on({ kind: "silent", collector: 0, receivedTime: noon, detail: "" }, () => undefined);
    expect(
      send({ volume: 98, ...at }, { token: 22, price: 2_345_700, volume: -1, ...at }).map((row) => row.flags),
    ).toEqual([flags, JOINED | TRADE | EXCHANGE_CLOCK]);
    expect(
      send({ volume: 98, ...at, time: noon + 62_000 }).map((row) => row.flags),
      "a move of the book",
    ).toEqual([EXCHANGE_CLOCK]);
    normaliser.on({ kind: "connected", collector: 0, receivedTime: noon, detail: "" }, () => undefined);
    expect(
      send({ volume: 99, ...at }).map((row) => row.flags & TRADE),
      "a connect is told the last packet known",
    ).toEqual([0]);
  });

  it("takes a trade stamped in the closing second into the last bar, and no value of an index", () => {
    const { send } = setUp();
    const close = Date.parse("2024-08-13T15:30:00+05:30");
    send(
      { volume: 5, time: close - 1_000, received: close - 1_000 },
      { token: 22, price: 2_345_600, time: close - 1_000 },
    );
    expect(
      send({ volume: 6, time: close, received: close + 300 }, { token: 22, price: 2_345_700, time: close }).map(
        ({ time, trades }) => [time - close, trades],
      ),
    ).toEqual([
      [-1, 1],
      [0, 0],
    ]);
  });

  it("sends rows of an auction on one by one of each instrument, and never beside others", () => {
    const { normaliser } = setUp();
    const preOpen = Date.parse("2024-08-13T09:07:00+05:30");
    const batch = rawBatch(4);
    batch.length = 4;
    batch.receivedTime = preOpen + 3_000;
    [
      [11, 10_000, 5],
      [22, 2_345_600, -1],
      [11, 10_005, 6],
      [33, 841_375_000, 1],
    ].forEach(([token, price, volume], row) => {
      batch.token[row] = token!;
      batch.price[row] = price!;
      batch.volume[row] = volume!;
      batch.exchangeTime[row] = preOpen + row * 1_000;
      batch.openInterest[row] = -1;
    });
    const sent: number[][] = [];
    normaliser.on(batch, (message: TickMessage) => {
      if (message.kind === "ticks") sent.push([...message.instrument.subarray(0, message.length)]);
    });
    expect(sent).toEqual([[0, 1], [0], [2]]);
  });

  it("takes the first row of a recording for the tick it is", () => {
    const { normaliser, send } = setUp();
    normaliser.on({ kind: "connected", collector: 0, receivedTime: noon, detail: "", recorded: true }, () => undefined);
    expect(send({ volume: 5 }).map(({ flags }) => flags)).toEqual([TRADE | EXCHANGE_CLOCK]);
    normaliser.on({ kind: "silent", collector: 0, receivedTime: noon, detail: "" }, () => undefined);
    expect(send({ volume: 9, time: noon + 61_000, received: noon + 61_000 }).map(({ flags }) => flags)).toEqual([
      TRADE | EXCHANGE_CLOCK,
    ]);
    expect(normaliser.rejects.first_after_connect).toBe(0);
  });

  it("takes one feed of an instrument at a time; another takes over when it has been silent", () => {
    const { normaliser, send } = setUp(1);
    send({ volume: 100 });
    expect(send({ collector: 1, volume: 90, received: noon + 1_000, time: noon + 1_000 })).toEqual([]);
    expect(normaliser.rejects.other_feed).toBe(1);
    expect(send({ collector: 1, volume: 90, received: noon + 6_000, time: noon + 6_000 })).toMatchObject([
      { flags: EXCHANGE_CLOCK | JOINED },
    ]);
  });

  it("counts a stamp that is behind our clock, and a mode that carries no volume, and takes both", () => {
    const { normaliser, send } = setUp(0, 3_600_000);
    expect(
      send(
        { volume: 5 },
        { time: noon + 1_000, volume: -1, price: 10_005 },
        { time: noon - 61_000, volume: 4, price: 10_010 },
      ),
    ).toHaveLength(3);
    expect([normaliser.rejects.clock_skew, normaliser.rejects.volume_missing]).toEqual([1, 1]);
  });
});
