import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { frames } from "@/server/feeds/kite/describe";
import { type RecordedFrame, recordedJson } from "@/server/testing/recorded";
import { describeFrame, framesOfFile, framesOfLines } from "./decode";

const linesOfHex = async (...hex: string[]): Promise<unknown[]> => {
  const lines: unknown[] = [];
  let frame = 0;
  for await (const input of framesOfLines(hex)) lines.push(...describeFrame(input, frame++, frames));
  return JSON.parse(JSON.stringify(lines)) as unknown[];
};
const linesOfFile = (bytes: Uint8Array): Record<string, unknown>[] =>
  JSON.parse(
    JSON.stringify(
      [...framesOfFile(bytes, frames)].flatMap((input, frame) => [...describeFrame(input, frame, frames)]),
    ),
  ) as Record<string, unknown>[];

/** A packet of big-endian fields after its token. */
const packet = (length: number, token: number, fields: readonly number[] = []): string => {
  const body = Buffer.alloc(length);
  [token, ...fields].forEach((field, at) => body.writeUInt32BE(field, at * 4));
  return `${length.toString(16).padStart(4, "0")}${body.toString("hex")}`;
};

describe("decode kite", () => {
  it("prints a last price and nothing the packet does not carry", async () => {
    expect(await linesOfHex("00010008000d80010000997f")).toEqual([
      { frame: 0, token: 884737, mode: "ltp", lastPrice: "392.95" },
    ]);
  });

  it("prints a quote's fields in the documented order, volume unsigned", async () => {
    const [line] = await linesOfHex(
      `0001${packet(44, 408065, [157315, 7, 157037, 3_000_000_000, 256443, 0, 156915, 157500, 156105, 156780])}`,
    );
    expect(JSON.stringify(line)).toBe(
      '{"frame":0,"token":408065,"mode":"quote","lastPrice":"1573.15","lastQuantity":7,"averagePrice":"1570.37",' +
        '"volume":3000000000,"buyQuantity":256443,"sellQuantity":0,"open":"1569.15","high":"1575.00","low":"1561.05","close":"1567.80"}',
    );
  });

  it("reads an index as high, low, open, close, and its time only where the packet has one", async () => {
    const fields = [1_850_000, 1_860_000, 1_840_000, 1_845_005, 1_841_000, 0];
    const prices = {
      token: 256265,
      mode: "index",
      lastPrice: "18500.00",
      open: "18450.05",
      high: "18600.00",
      low: "18400.00",
      close: "18410.00",
    };
    expect(
      await linesOfHex(
        `0003${packet(28, 256265, fields)}${packet(32, 256265, [...fields, 1_669_347_900])}${packet(32, 256265, [...fields, 0])}`,
      ),
    ).toEqual([
      { frame: 0, ...prices },
      { frame: 0, ...prices, exchangeTime: 1_669_347_900_000 },
      { frame: 0, ...prices, exchangeTime: null },
    ]);
  });

  it("prices NSE's commodities in hundredths, and with more digits where the wire has them", async () => {
    expect(await linesOfHex("0001000801db0b0c0039b570", "0001000801db0b0c0039b571")).toEqual([
      { frame: 0, token: 31132428, mode: "ltp", lastPrice: "378.20" },
      { frame: 1, token: 31132428, mode: "ltp", lastPrice: "378.2001" },
    ]);
  });

  it("prices currency with the digits of its wire: seven on CDS, four on BCD", async () => {
    expect(await linesOfHex(`0002${packet(8, 0x0103, [841_375_000])}${packet(8, 0x0106, [841_375])}`)).toEqual([
      { frame: 0, token: 0x0103, mode: "ltp", lastPrice: "84.1375000" },
      { frame: 0, token: 0x0106, mode: "ltp", lastPrice: "84.1375" },
    ]);
  });

  it("skips a packet of unknown length and continues", async () => {
    expect(await linesOfHex(`0002000a${"ff".repeat(10)}${packet(8, 408065, [100])}`)).toEqual([
      { frame: 0, skipped: "unknown packet length 10" },
      { frame: 0, token: 408065, mode: "ltp", lastPrice: "1.00" },
    ]);
  });

  it("names the fault of a frame or a line, and continues with the next", async () => {
    expect(
      await linesOfHex("00010008000d8001", "", "xyz", "8001aaaa", "00", "0000", `0001${packet(8, 408065, [100])}cafe`),
    ).toEqual([
      { frame: 0, skipped: "frame ends inside packet 1 of 1" },
      { frame: 1, skipped: "line 3 is not hex" },
      { frame: 2, skipped: "packet count -32767" },
      { frame: 5, token: 408065, mode: "ltp", lastPrice: "1.00" },
      { frame: 5, skipped: "2 bytes after the last packet" },
    ]);
  });

  it("takes a file of bytes, of hex lines or of one base64 packet", () => {
    const hex = `0001${packet(8, 408065, [100])}`;
    const line = { frame: 0, token: 408065, mode: "ltp", lastPrice: "1.00" };
    const bare = Buffer.from(hex.slice(8), "hex");
    expect(linesOfFile(Buffer.from(hex, "hex"))).toEqual([line]);
    expect(linesOfFile(Buffer.from(`${hex}\n\n${hex}\n`))).toEqual([line, { ...line, frame: 1 }]);
    expect(linesOfFile(Buffer.from(`${bare.toString("base64")}\n`))).toEqual([line]);
    expect(linesOfFile(bare)).toEqual([line]);
  });

  it("names the lines of a text file that are neither", () => {
    expect(linesOfFile(Buffer.from("zzzz\n0001\n"))).toEqual([
      { frame: 0, skipped: "line 1 is not hex" },
      { frame: 1, skipped: "frame ends inside packet 1 of 1" },
    ]);
    expect(linesOfFile(Buffer.from("abcx"))).toEqual([{ frame: 0, skipped: "line 1 is not hex" }]);
  });

  it("does not take a truncated frame for a bare packet", () => {
    const frame = Buffer.from(`0001${packet(44, 408065)}`, "hex").subarray(0, 44);
    expect(linesOfFile(frame)).toEqual([{ frame: 0, skipped: "frame ends inside packet 1 of 1" }]);
  });
});

describe("frames of our own making", () => {
  const recorded = recordedJson<RecordedFrame[]>("frames.json");
  it.each(recorded.map((frame) => [frame.name, frame] as const))(
    "%s, as bytes, in hex and in base64",
    async (_, frame) => {
      const bytes = Buffer.from(frame.hex, "hex");
      const lines = linesOfFile(bytes);
      expect(lines.map(({ mode }) => mode)).toEqual(frame.modes);
      expect(lines.map(({ token, lastPrice }) => [token, Number(lastPrice)])).toEqual(
        frame.ticks.map((tick) => [tick["instrument_token"], tick["last_price"]]),
      );
      expect(await linesOfHex(frame.hex)).toEqual(lines);
      expect(linesOfFile(Buffer.from(bytes.toString("base64")))).toEqual(lines);
    },
  );

  it("a stock in full has the client's values", () => {
    const { hex, ticks } = recorded.find(({ name }) => name === "a stock in full")!;
    const [line] = linesOfFile(Buffer.from(hex, "hex"));
    const [tick] = ticks;
    expect(line).toMatchObject({
      token: tick!["instrument_token"],
      volume: tick!["volume_traded"],
      averagePrice: (tick!["average_traded_price"] as number).toFixed(2),
      close: tick!.ohlc!["close"]!.toFixed(2),
      lastTradeTime: (tick!["last_trade_time"] as number) * 1_000,
      exchangeTime: (tick!["exchange_timestamp"] as number) * 1_000,
      depth: { buy: { length: 5 }, sell: { length: 5 } },
    });
  });
});

const raw = path.resolve(process.cwd(), "../shared/fixtures/kite/raw");
describe.skipIf(!existsSync(raw))("published samples", () => {
  it.each([
    ["ltpMode_binary.packet", ["ltp"]],
    ["quoteMode_binary.packet", ["quote"]],
    ["websocket_ticks.bin", ["full", "full"]],
    ["ticker_full.packet", ["full"]],
    ["ticker_quote.packet", ["quote"]],
  ])("%s", (name, modes) => {
    expect(linesOfFile(readFileSync(path.join(raw, name))).map((line) => line.mode)).toEqual(modes);
  });

  it("ticker_full.packet has the values published beside it", () => {
    const [line] = linesOfFile(readFileSync(path.join(raw, "ticker_full.packet")));
    const published = JSON.parse(readFileSync(path.join(raw, "ticker_full.json"), "utf8")) as Record<string, never>;
    expect(line).toMatchObject({
      token: published.instrument_token,
      volume: published.volume,
      averagePrice: "1570.37",
      close: "1567.80",
      lastTradeTime: Date.parse(published.last_trade_time!),
      depth: { buy: { length: 5 }, sell: { length: 5 } },
    });
  });
});
