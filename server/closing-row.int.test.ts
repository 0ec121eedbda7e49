import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setImmediate as turn, setTimeout as wait } from "node:timers/promises";
import { io, type Socket } from "socket.io-client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Container, createContainer } from "./container";
import type { BarsFrame, BarsPage, BarsSnapshot, BarsSubscribe } from "./contract/live";
import { unpackBars, unpackSeries } from "./contract/wire";
import { createExchange, DEMO_CREDENTIALS, type Exchange } from "./exchange/exchange";
import { storeAt, templateFile } from "./testing/store-open";
import { VirtualTime } from "./testing/virtual-time";
import { wholeConfig } from "./testing/whole-config";
import { serve, type Web } from "./web/http";

const SECOND = 1_000;
const DAY = 86_400_000;
const INDEX = "NSE_INDEX:NIFTY 50";
const STOCK = "NSE:RELIANCE";
/** Those in which REST shows the row; seconds, days and longer have none. */
const SHOWN = ["1m", "5m", "15m", "30m", "1h", "75m", "125m"] as const;
const EMA = [{ id: "EMA", params: { period: 20 } }];
const at = (clock: string): number => Date.parse(`2026-11-20T${clock}:00+05:30`);

let dataDir: string;
let time: VirtualTime;
let exchange: Exchange;
let container: Container;
let web: Web;
let socket: Socket;
/** The market's clock drives the turns of long work, even while it is stopped. */
let turns: NodeJS.Timeout;
const frames: BarsFrame[] = [];

/** The exchange sends what is due, the server processes it, then its timers run. */
const go = async (until: number): Promise<void> => {
  while (time.now() < until) {
    time.show(time.now() + SECOND);
    exchange.pump();
    await exchange.delivered();
    time.turn();
    await turn();
    // What is asked of the broker takes no time of the market's; a job that waits for the market's clock is not waited for.
    for (let waited = 0; waited < 10_000 && !container.isQuiet(); waited++) await wait(2);
  }
};
const ask = async <T>(event: string, payload: unknown): Promise<T> => {
  const answer = (await socket.timeout(20_000).emitWithAck(event, payload)) as T & { error?: { message: string } };
  if (answer.error !== undefined) throw new Error(answer.error.message);
  return answer;
};
const subscribe = (key: string, timeframe: string, more: Partial<BarsSubscribe> = {}): Promise<BarsSnapshot> =>
  ask("bars.subscribe", { key, timeframe, bars: 800, indicators: EMA, ...more });

type Row = [time: number, open: number, high: number, low: number, close: number];
interface Shown {
  rows: Row[];
  values: number[];
}
const shownOf = ({
  packed,
  indicators,
  values,
}: Pick<BarsSnapshot | BarsPage, "packed" | "indicators" | "values">): Shown => {
  const bars = unpackBars(packed);
  const plot = unpackSeries(indicators, values)[0]?.values[0];
  return {
    rows: Array.from({ length: bars.length }, (_, row): Row => [
      bars.time[row]!,
      bars.open[row]!,
      bars.high[row]!,
      bars.low[row]!,
      bars.close[row]!,
    ]),
    values: plot === undefined ? [] : [...new Float64Array(plot)],
  };
};
/** REST's response for the same bars. */
const rest = async (key: string, timeframe: string, query = ""): Promise<Row[]> => {
  const answer = await fetch(
    `http://127.0.0.1:${web.port}/api/v1/bars/${encodeURIComponent(key)}?timeframe=${timeframe}&limit=5000${query}`,
  );
  const { data } = (await answer.json()) as {
    data: { time: number; open: number; high: number; low: number; close: number }[];
  };
  return data.map(
    (bar) => [bar.time, ...[bar.open, bar.high, bar.low, bar.close].map((price) => Math.round(price * 100))] as Row,
  );
};
const closing = (rows: readonly Row[]): Row[] => rows.filter(([start]) => (start - at("15:15")) % DAY === 0);

beforeAll(async () => {
  dataDir = mkdtempSync(path.join(tmpdir(), "candela-closing-"));
  time = new VirtualTime(at("15:05"));
  exchange = await createExchange({
    seed: 11,
    calendar: "NSE",
    rate: { perInstrument: 1 },
    start: time.now(),
    real: () => time.now(),
    limits: false,
    frameEveryMs: 1e9,
  });
  const login = {
    apiKey: DEMO_CREDENTIALS.apiKey,
    accessToken: DEMO_CREDENTIALS.accessToken,
    root: `http://127.0.0.1:${exchange.port}`,
    socket: `ws://127.0.0.1:${exchange.port}`,
  };
  const store = storeAt(dataDir, { templateFile: await templateFile() });
  await store.start(new AbortController().signal);
  await store.collectors.save(
    { name: "kite-1", feed: "kite", mode: "full", autoStart: true, subscriptions: [INDEX, STOCK] },
    {},
  );
  await store.stop();
  container = await createContainer(
    wholeConfig(dataDir, { feed: { kind: "broker", feed: "kite", login }, recordTicks: false, depthSeconds: 0 }),
    () => {},
    { market: time },
  );
  turns = setInterval(() => time.turn(), 5);
  await container.start(new AbortController().signal);
  // The days before the test's come with the first history, which takes as long as the machine needs.
  while (!container.status.jobs().some(({ finished }) => finished)) await wait(20);
  web = await serve(
    {
      root: ".",
      host: "127.0.0.1",
      port: 0,
      development: true,
      stopping: new AbortController().signal,
      sockets: container.sockets,
      hot: container.readDoor,
    },
    () => ({
      prepare: () => Promise.resolve(),
      request: async (_, response) => {
        response.writeHead(404).end();
        await Promise.resolve();
      },
      upgrade: () => Promise.resolve(),
      close: () => Promise.resolve(),
    }),
  );
  web.open();
  socket = io(`http://127.0.0.1:${web.port}`, { transports: ["websocket"], reconnection: false });
  socket.on("bars", (frame: BarsFrame) => frames.push(frame));
  await go(at("15:12"));
}, 180_000);

afterAll(async () => {
  socket?.disconnect();
  clearInterval(turns);
  await web?.stop();
  await container?.stop();
  await exchange?.close();
  rmSync(dataDir, { recursive: true, force: true });
});

describe("the index candle of a closing auction, on a chart", () => {
  /** Before the auction, by timeframe. */
  const before = new Map<string, BarsSnapshot>();

  it("is where REST shows it, for days from history, and no indicator has a value there", async () => {
    for (const timeframe of SHOWN) {
      const answer = await subscribe(INDEX, timeframe);
      before.set(timeframe, answer);
      const { rows, values } = shownOf(answer);
      const told = await rest(INDEX, timeframe);
      expect(closing(rows).length, timeframe).toBeGreaterThanOrEqual(timeframe === "1m" ? 2 : 3);
      expect(rows.slice(-50, -1), timeframe).toEqual(told.slice(-50, -1));
      rows.forEach(([start], row) => {
        if (closing(rows).some(([each]) => each === start)) expect(values[row], timeframe).toBeNaN();
      });
    }
    for (const [key, timeframe] of [
      [INDEX, "30s"],
      [INDEX, "1d"],
      [STOCK, "1m"],
      [STOCK, "15m"],
    ] as const) {
      expect(closing(shownOf(await subscribe(key, timeframe)).rows), `${key} ${timeframe}`).toEqual([]);
    }
  });

  it("appears when the auction is over, without a question of the reader's, and touches no indicator", async () => {
    const running = new Map(SHOWN.map((timeframe) => [timeframe, before.get(timeframe)!.indicators[0]!.instance]));
    await go(at("15:34"));
    expect(frames.flatMap(({ bars }) => bars).filter(([, start]) => start >= at("15:15"))).toEqual([]);
    await go(at("15:36"));
    await wait(300);
    for (const timeframe of SHOWN) {
      const room = before.get(timeframe)!.room;
      const mine = frames.filter((frame) => frame.room === room);
      mine.forEach((frame, place) => {
        if (place > 0) expect(frame.seq, timeframe).toBe(mine[place - 1]!.seq + 1);
      });
      const told = (await rest(INDEX, timeframe)).at(-1)!;
      expect(told[0]).toBe(at("15:15"));
      // Begins at the last continuous value, ends at the auction's, with nothing in between.
      const last = (await rest(INDEX, timeframe, "&auctions=apart")).at(-1)!;
      expect([told[1], told[2], told[3]]).toEqual([last[4], Math.max(last[4], told[4]), Math.min(last[4], told[4])]);
      const sent = mine.flatMap(({ bars }) => bars).filter(([, start]) => start >= at("15:15"));
      expect(
        sent.map(([event, start, , open, high, low, close]) => [event, start, open, high, low, close]),
        timeframe,
      ).toEqual([[2, ...told]]);
      expect(
        mine
          .flatMap(({ points }) => points)
          .filter(([instance, start]) => instance === running.get(timeframe) && start! >= at("15:15")),
        timeframe,
      ).toEqual([]);
    }
    const stock = frames
      .filter(({ room }) => room.includes(STOCK))
      .flatMap(({ bars }) => bars)
      .filter(([, start]) => start >= at("15:15"));
    expect(stock).toEqual([]);
  });

  it("is there for a returning client, for a new one, and on a page of the past", async () => {
    for (const timeframe of SHOWN) {
      const anew = shownOf(await subscribe(INDEX, timeframe));
      const told = await rest(INDEX, timeframe);
      expect(anew.rows, timeframe).toEqual(told.slice(-anew.rows.length));
      expect([anew.rows.at(-1)![0], anew.values.at(-1)]).toEqual([at("15:15"), Number.NaN]);
      // From the row itself on: a client whose newest bars begin with it misses nothing.
      for (const since of [at("15:15"), at("15:00"), at("15:15") - 3 * DAY]) {
        const again = shownOf(await subscribe(INDEX, timeframe, { since, bars: 12_000 }));
        expect(again.rows, `${timeframe} since ${since}`).toEqual(told.filter(([start]) => start >= since));
        // Begun elsewhere, an average differs in its last bits.
        const both = Math.min(again.values.length, anew.values.length);
        expect(again.values.slice(-both).map(Math.round), `${timeframe} since ${since}`).toEqual(
          anew.values.slice(-both).map(Math.round),
        );
      }
      const page = shownOf(
        await ask<BarsPage>("bars.page", { key: INDEX, timeframe, before: at("09:15"), bars: 5, indicators: EMA }),
      );
      // Five bars, and the rows behind them besides.
      const past = told.filter(([start]) => start < at("09:15"));
      const fifth = past.filter((row) => !closing(past).includes(row)).at(-5)![0];
      expect(page.rows, timeframe).toEqual(past.filter(([start]) => start >= fifth));
      expect(page.values.at(-1)).toBeNaN();
      if (["1m", "5m", "15m"].includes(timeframe))
        expect(page.values.map(Number.isNaN), timeframe).toEqual([false, false, false, false, false, true]);
      const edge = shownOf(
        await ask<BarsPage>("bars.page", {
          key: INDEX,
          timeframe,
          before: page.rows.at(-1)![0],
          bars: 5,
          indicators: EMA,
        }),
      );
      expect(edge.rows, timeframe).toEqual(page.rows.slice(0, -1));
    }
  });

  it("has a passport, as a stock's first bar has, and the socket shows the bar as the passport does", async () => {
    const passport = async (key: string, timeframe: string, clock: string) => {
      const { body } = await container.answerRead(
        `/api/v1/bars/${encodeURIComponent(key)}/passport?timeframe=${timeframe}&time=${at(clock)}`,
      );
      const { data } = JSON.parse(typeof body === "string" ? body : new TextDecoder().decode(body)) as {
        data: {
          bar: Record<"open" | "high" | "low" | "close", number>;
          cause: string;
          auction: unknown;
          auctions: unknown[];
        };
      };
      return {
        ...data,
        row: [data.bar.open, data.bar.high, data.bar.low, data.bar.close].map((price) => Math.round(price * 100)),
      };
    };
    const shown = async (key: string, timeframe: string, clock: string) =>
      shownOf(await subscribe(key, timeframe))
        .rows.find(([start]) => start === at(clock))!
        .slice(1);
    const closed = await passport(INDEX, "5m", "15:15");
    expect([closed.row, closed.auctions]).toMatchObject([
      await shown(INDEX, "5m", "15:15"),
      [{ place: "closing", printedBy: "broker" }],
    ]);
    expect(closed.cause).toContain("excluded from indicators");
    // A pre-open that history did not know, above everything that traded.
    const [, , high] = (await rest(STOCK, "1m", `&from=${at("09:15")}&to=${at("09:16")}`))[0]!;
    await container.store.bars.write(
      [
        {
          instrumentId: container.desk.instrument(container.desk.resolve(STOCK)).id,
          timeframe: "auction",
          time: at("09:00"),
          open: high + 20_000,
          high: high + 20_000,
          low: high + 20_000,
          close: high + 20_000,
          volume: 40,
          value: 0,
          ticks: 0,
          openInterest: -1,
          rev: 1,
          state: "closed",
          incomplete: false,
        },
      ],
      "replace",
    );
    for (const timeframe of ["1m", "15m"]) {
      const first = await passport(STOCK, timeframe, "09:15");
      expect(first.row, timeframe).toEqual(await shown(STOCK, timeframe, "09:15"));
      expect([first.row[0], first.row[1], first.auction], timeframe).toEqual([
        high + 20_000,
        high + 20_000,
        { price: (high + 20_000) / 100, volume: 40, volumeIncluded: false, printedBy: "broker" },
      ]);
    }
  });

  it("is read by programs from any instant up to its own", async () => {
    const [row] = closing(await rest(INDEX, "1m", `&from=${at("15:10")}`));
    for (const from of [at("15:14"), at("15:14") + 30_000, at("15:15")])
      expect((await rest(INDEX, "1m", `&from=${from}`)).at(-1), String(from)).toEqual(row);
    expect(await rest(INDEX, "1m", `&from=${at("15:16")}`)).toEqual([]);
    expect(await rest(INDEX, "15m", `&from=${at("15:10")}&to=${at("15:40")}`)).toEqual([row]);
  });
});
