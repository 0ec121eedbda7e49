/** Makes the recordings in `recorded/` again: `npx tsx server/testing/record-fixtures.ts`. */
import { writeFileSync } from "node:fs";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { createCalendar } from "@/server/domain/calendar/calendar";
import { istText } from "@/server/domain/time/ist-text";
import type { FeedMode } from "@/server/domain/ticks/tick";
import type { Cursor } from "@/server/exchange/cursor";
import { candles } from "@/server/exchange/history";
import { instrumentsCsv } from "@/server/exchange/instruments-csv";
import { type Market, market as openMarket } from "@/server/exchange/market";
import { MAX_PACKET, writePacket } from "@/server/exchange/packet";
import { officialTicks } from "./official-client";
import type { RecordedFrame, RecordedSession } from "./recorded";
import { expectedBars, type Round } from "./session-rounds";

const folder = path.join(import.meta.dirname, "recorded");
const at = (clock: string, date = "2026-11-20"): number => Date.parse(`${date}T${clock}+05:30`);
const opened = (clock: string): Market =>
  openMarket({ seed: 7, calendar: "NSE", rate: { perInstrument: 0.5 } }, at(clock));
const save = (name: string, text: string): void =>
  writeFileSync(path.join(folder, name), name.endsWith(".gz") ? gzipSync(text, { level: 9 }) : text);

const packetOf = (cursor: Cursor, mode: FeedMode): Buffer => {
  const bytes = Buffer.alloc(MAX_PACKET);
  return bytes.subarray(0, writePacket(new DataView(bytes.buffer), 0, cursor, mode));
};
const frameOf = (packets: readonly Buffer[]): Buffer => {
  const length = (value: number): Buffer => {
    const bytes = Buffer.alloc(2);
    bytes.writeUInt16BE(value);
    return bytes;
  };
  return Buffer.concat([length(packets.length), ...packets.flatMap((packet) => [length(packet.length), packet])]);
};

const frames = (): void => {
  const market = opened("11:00:00");
  const cursor = (key: string): Cursor => market.cursor(market.listing(key)!.token)!;
  const future = market.listings.find(({ segment, symbol }) => segment === "SIM-FUT" && symbol.startsWith("NIFTY"))!;
  const of = (name: string, modes: string[], ...packets: Buffer[]): RecordedFrame => {
    const frame = frameOf(packets);
    return { name, hex: frame.toString("hex"), modes, ticks: officialTicks(frame) };
  };
  const [stock, index] = [cursor("NSE:RELIANCE"), cursor("NSE:NIFTY 50")];
  const contract = market.cursor(future.token)!;
  save(
    "frames.json",
    `${JSON.stringify(
      [
        of("a last price", ["ltp"], packetOf(stock, "ltp")),
        of("a quote", ["quote"], packetOf(stock, "quote")),
        of("a stock in full", ["full"], packetOf(stock, "full")),
        of("a future in full", ["full"], packetOf(contract, "full")),
        of("an index's last price", ["ltp"], packetOf(index, "ltp")),
        of("an index's quote", ["index"], packetOf(index, "quote")),
        of("an index in full", ["index"], packetOf(index, "full")),
        of(
          "several packets",
          ["full", "index", "ltp", "quote"],
          packetOf(stock, "full"),
          packetOf(index, "full"),
          packetOf(contract, "ltp"),
          packetOf(cursor("NSE:TCS"), "quote"),
        ),
      ],
      null,
      1,
    )}\n`,
  );
};

/** Ms of exchange time that one frame holds, and how long it is on its way. */
const FRAME_MS = 500;
const WAY_MS = 40;

const session = (): void => {
  const market = opened("09:06:00");
  const future = market.listings.find(({ segment, symbol }) => segment === "SIM-FUT" && symbol.startsWith("NIFTY"))!;
  const recorded: RecordedSession = {
    instruments: [
      { token: market.listing("NSE:RELIANCE")!.token, key: "NSE:RELIANCE", hours: "NSE_CAS" },
      { token: market.listing("NSE:TCS")!.token, key: "NSE:TCS", hours: "NSE_CAS" },
      { token: market.listing("NSE:NIFTY 50")!.token, key: "NSE_INDEX:NIFTY 50", hours: "NSE_INDEX" },
      { token: future.token, key: `NFO:${future.symbol}`, hours: "NFO" },
    ],
    frames: [],
  };
  const numbers = new Map(recorded.instruments.map(({ token }, number) => [token, number]));
  const round: Round = { collector: 0, hours: recorded.instruments.map(({ hours }) => hours), happenings: [] };
  for (let end = market.time + FRAME_MS; end <= at("09:20:00"); end += FRAME_MS) {
    const packets: { time: number; bytes: Buffer }[] = [];
    market.advance(end, (cursor) => {
      if (numbers.has(cursor.listing.token)) packets.push({ time: cursor.time, bytes: packetOf(cursor, "full") });
    });
    if (packets.length === 0) continue;
    const frame = frameOf(packets.sort((a, b) => a.time - b.time).map(({ bytes }) => bytes));
    const received = end + WAY_MS;
    recorded.frames.push([received, frame.toString("hex")]);
    round.happenings.push({
      kind: "rows",
      received,
      rows: officialTicks(frame).map((tick) => ({
        instrument: numbers.get(Number(tick["instrument_token"]))!,
        time: Number(tick["exchange_timestamp"]) * 1_000,
        price: Math.round(Number(tick["last_price"]) * 100),
        volume: Number(tick["volume_traded"] ?? -1),
        openInterest: Number(tick["oi"] ?? -1),
        arrives: received,
      })),
    });
  }
  save("session.json.gz", JSON.stringify(recorded));
  save("session-bars.json.gz", JSON.stringify([...expectedBars(round, createCalendar())]));
};

const HOLE = [at("09:40:10"), at("09:52:20")] as const;

const ticks = (): void => {
  const market = opened("09:06:59");
  const { token } = market.listing("NSE:NIFTY 50")!;
  const cursor = market.cursor(token)!;
  const lines: string[] = [];
  for (let second = at("09:07:00"); second < at("10:20:00"); second += 1_000) {
    // What the second ended with.
    market.advance(second + 999, () => {});
    if (second < HOLE[0] || second >= HOLE[1]) lines.push(`${istText(second)},${(cursor.price / 100).toFixed(2)},0`);
  }
  save("ticks.csv.gz", `${lines.join("\n")}\n`);
};

const history = async (): Promise<void> => {
  const market = opened("18:00:00");
  const read = async (key: string, minutes: number, from: number, to: number): Promise<unknown[]> =>
    (
      await candles(
        market,
        { listing: market.listing(key)!, minutes, from, to, openInterest: false, continuous: false },
        () => 0,
      )
    ).map((row) => JSON.parse(row) as unknown);
  const [from, to] = [at("00:00:00", "2026-11-18"), at("23:59:59")];
  const series: Record<string, Record<string, unknown[]>> = {};
  for (const key of ["NSE:INFY", "NSE:NIFTY 50"])
    series[key] = { "1m": await read(key, 1, from, to), "30m": await read(key, 30, from, to) };
  save("minutes.json.gz", JSON.stringify(series));
  const rows = await read("NSE:INFY", 1, at("09:15:00"), at("09:34:00"));
  save("historical-minute.json", `${JSON.stringify({ status: "success", data: { candles: rows } }, null, 1)}\n`);
  const futures = market.listings.filter(({ segment }) => segment === "SIM-FUT").slice(0, 12);
  save("instruments.csv", instrumentsCsv(market.calendar, [...market.listings.slice(0, 40), ...futures]));
};

frames();
session();
ticks();
await history();
