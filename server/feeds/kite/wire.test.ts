import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Book, LEVEL } from "@/server/domain/ticks/order-book";
import { rawBatch } from "@/server/domain/ticks/tick";
import { toRupees } from "@/server/domain/basics/price";
import { officialTicks, type OfficialTick as Tick, withoutChange } from "@/server/testing/official-client";
import { type RecordedFrame, recordedJson } from "@/server/testing/recorded";
import { bookAt, decodeFrame, packetAt, packetsOf } from "./wire";
import { wireDecimals } from "./segments";

/** A packet of ours in the official client's words and rupees, times as epoch seconds. */
const inOfficialWords = (frame: Uint8Array, offset: number): Tick => {
  const packet = packetAt(frame, offset)!;
  const decimals = wireDecimals(packet.token);
  const rupees = (wire: number | undefined): number => toRupees(wire!, decimals);
  const seconds = (ms: number | null | undefined): number | null => (ms == null ? null : ms / 1_000);
  const tick: Tick = {
    tradable: (packet.token & 0xff) !== 9,
    mode: packet.mode === "index" ? ("exchangeTime" in packet ? "full" : "quote") : packet.mode,
    instrument_token: packet.token,
    last_price: rupees(packet.lastPrice),
  };
  if (packet.mode === "ltp") return tick;
  tick.ohlc = {
    open: rupees(packet.open),
    high: rupees(packet.high),
    low: rupees(packet.low),
    close: rupees(packet.close),
  };
  if ("exchangeTime" in packet) tick.exchange_timestamp = seconds(packet.exchangeTime);
  if (packet.mode === "index") return tick;
  Object.assign(tick, {
    last_traded_quantity: packet.lastQuantity,
    average_traded_price: rupees(packet.averagePrice),
    volume_traded: packet.volume,
    total_buy_quantity: packet.buyQuantity,
    total_sell_quantity: packet.sellQuantity,
  });
  if (packet.mode === "quote") return tick;
  const side = (levels: { price: number; quantity: number; orders: number }[]) =>
    levels.map((level) => ({ ...level, price: rupees(level.price) }));
  Object.assign(tick, {
    last_trade_time: seconds(packet.lastTradeTime),
    oi: packet.openInterest,
    oi_day_high: packet.openInterestHigh,
    oi_day_low: packet.openInterestLow,
    depth: { buy: side(packet.depth!.buy), sell: side(packet.depth!.sell) },
  });
  return tick;
};

/** Every row of the columns equals the packet it points at. */
const expectColumnsToAgree = (frame: Uint8Array): void => {
  const batch = rawBatch(1);
  const report = decodeFrame(frame, batch);
  expect(batch.length).toBe(report.packets);
  for (let row = 0; row < batch.length; row++) {
    const packet = packetAt(frame, batch.offset[row]!)!;
    expect([
      batch.token[row],
      batch.price[row],
      batch.volume[row],
      batch.exchangeTime[row],
      batch.openInterest[row],
    ]).toEqual([
      packet.token,
      packet.lastPrice,
      packet.volume ?? -1,
      packet.exchangeTime ?? 0,
      packet.openInterest ?? -1,
    ]);
  }
};

describe("recorded frames of our own making", () => {
  const frames = recordedJson<RecordedFrame[]>("frames.json");
  it.each(frames.map((frame) => [frame.name, frame] as const))(
    "%s decodes to its recorded fields",
    (_, { hex, ticks }) => {
      const frame = Buffer.from(hex, "hex");
      const batch = rawBatch(1);
      expect(decodeFrame(frame, batch)).toMatchObject({ packets: ticks.length, bad: false });
      expect(Array.from(batch.offset.subarray(0, batch.length), (offset) => inOfficialWords(frame, offset))).toEqual(
        ticks,
      );
      expectColumnsToAgree(frame);
    },
  );

  it("are one of each kind of packet", () => {
    const sizes = frames.flatMap(({ hex }) => packetsOf(Buffer.from(hex, "hex")).packets.map(({ length }) => length));
    expect([...new Set(sizes)].sort((a, b) => a - b)).toEqual([8, 28, 32, 44, 184]);
  });
});

const fixtures = path.resolve(process.cwd(), "../shared/fixtures/kite");

describe.skipIf(!existsSync(fixtures))("recorded frames", () => {
  interface Case {
    name: string;
    frame_hex: string;
    ticks: Tick[];
    clients_disagree?: { path: string; python: number }[];
  }
  const cases = existsSync(fixtures)
    ? (JSON.parse(readFileSync(path.join(fixtures, "frames.json"), "utf8")) as Case[])
    : [];

  it.each(cases.map((recorded) => [recorded.name, recorded] as const))(
    "%s decodes to its recorded fields",
    (_, recorded) => {
      const frame = Buffer.from(recorded.frame_hex, "hex");
      const expected = structuredClone(recorded.ticks).map(withoutChange);
      // Where the JavaScript client reads a volume as signed, the broker's documentation and the Python client apply.
      for (const { path: where, python } of recorded.clients_disagree ?? []) {
        const [row, field] = where.split(".") as [string, string];
        expected[Number(row)]![field] = python;
      }
      const batch = rawBatch(8);
      decodeFrame(frame, batch);
      expect(Array.from(batch.offset.subarray(0, batch.length), (offset) => inOfficialWords(frame, offset))).toEqual(
        expected,
      );
      expectColumnsToAgree(frame);
    },
  );

  it.each(["ltpMode_binary.packet", "quoteMode_binary.packet", "websocket_ticks.bin"])(
    "%s is a whole frame",
    (name) => {
      const frame = readFileSync(path.join(fixtures, "raw", name));
      expect(decodeFrame(frame, rawBatch(2)).bad).toBe(false);
      expect(packetsOf(frame).broken).toBeNull();
      expectColumnsToAgree(frame);
    },
  );
});

/** A frame of these packet bodies. */
const frameOf = (packets: readonly Uint8Array[]): Buffer => {
  const count = Buffer.alloc(2);
  count.writeInt16BE(packets.length);
  return Buffer.concat([
    count,
    ...packets.flatMap((packet) => {
      const length = Buffer.alloc(2);
      length.writeUInt16BE(packet.length);
      return [length, packet];
    }),
  ]);
};
const packetOfLength = (length: number): fc.Arbitrary<Uint8Array> =>
  fc.uint8Array({ minLength: length, maxLength: length });
const known = fc.constantFrom(8, 28, 32, 44, 184).chain(packetOfLength);
const unknown = fc
  .integer({ min: 0, max: 300 })
  .filter((length) => ![8, 28, 32, 44, 184].includes(length))
  .chain(packetOfLength);

describe("bookAt", () => {
  it("reads what the packet's depth says, into a row of numbers, and nothing of packets without one", () => {
    fc.assert(
      fc.property(known, (body) => {
        const frame = frameOf([body]);
        const packet = packetAt(frame, 4)!;
        const row = new Float64Array(Book.size);
        expect(bookAt(frame, 4, row)).toBe(packet.depth !== undefined);
        if (packet.depth === undefined) return;
        expect([...row.subarray(0, Book.bids)]).toEqual([
          Math.max(0, Math.max(0, packet.lastPrice)),
          packet.buyQuantity,
          packet.sellQuantity,
        ]);
        const levels = [...packet.depth.buy, ...packet.depth.sell].flatMap(({ price, quantity, orders }) => [
          price,
          quantity,
          orders,
        ]);
        expect([...row.subarray(Book.bids)]).toEqual(levels);
        expect(levels).toHaveLength(10 * LEVEL);
      }),
    );
  });
});

describe("decodeFrame", () => {
  it("reads the fields of a full packet where Kite's table puts them: the price signed, all else unsigned", () => {
    const body = Buffer.alloc(184);
    for (let field = 0; field < 46; field++) body.writeUInt32BE(0xf0000000 + field, field * 4);
    const frame = frameOf([body]);
    const batch = rawBatch(1);
    expect(decodeFrame(frame, batch)).toEqual({ packets: 1, badPackets: 0, bad: false, trailing: 0 });
    expect(batch.offset[0]).toBe(4);
    expect(batch.token[0]).toBe(0xf0000000);
    expect(batch.price[0]).toBe(0xf0000001 - 2 ** 32);
    expect(batch.volume[0]).toBe(0xf0000004);
    expect(batch.openInterest[0]).toBe(0xf000000c);
    expect(batch.exchangeTime[0]).toBe(0xf000000f * 1_000);
  });

  it("takes a price of -1 for none, in the tick, the quote and the book: not for forty million rupees", () => {
    const body = Buffer.alloc(184);
    for (const field of [4, 12, 28, 32, 36, 40, 68, 128]) body.writeInt32BE(-1, field);
    const frame = frameOf([body]);
    const batch = rawBatch(1);
    decodeFrame(frame, batch);
    const packet = packetAt(frame, 4)!;
    const book = new Float64Array(Book.size);
    expect(bookAt(frame, 4, book)).toBe(true);
    expect([
      batch.price[0],
      packet.lastPrice,
      packet.averagePrice,
      packet.open,
      packet.high,
      packet.low,
      packet.close,
      packet.depth!.buy[0]!.price,
      packet.depth!.sell[0]!.price,
      book[Book.lastPrice],
      book[Book.bids],
    ]).toEqual([-1, -1, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
  });

  it("says -1 for a volume and open interest the packet does not carry, and 0 for an absent time", () => {
    const batch = rawBatch(4);
    decodeFrame(frameOf([new Uint8Array(8), new Uint8Array(28), new Uint8Array(32), new Uint8Array(44)]), batch);
    expect([...batch.volume.subarray(0, 4)]).toEqual([-1, -1, -1, 0]);
    expect([...batch.openInterest.subarray(0, 4)]).toEqual([-1, -1, -1, -1]);
    expect([...batch.exchangeTime.subarray(0, 4)]).toEqual([0, 0, 0, 0]);
  });

  it("skips packets of unknown length and continues", () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(known, unknown), { maxLength: 40 }), (packets) => {
        const frame = frameOf(packets);
        const good = packets.filter((packet) => [8, 28, 32, 44, 184].includes(packet.length));
        const batch = rawBatch(1);
        expect(decodeFrame(frame, batch)).toEqual({
          packets: good.length,
          badPackets: packets.length - good.length,
          bad: false,
          trailing: 0,
        });
        expect(
          Array.from(batch.offset.subarray(0, batch.length), (offset, row) =>
            Buffer.from(frame.subarray(offset, offset + good[row]!.length)).equals(good[row]!),
          ),
        ).toEqual(good.map(() => true));
        expectColumnsToAgree(frame);
      }),
    );
  });

  it("keeps what a truncated frame held before it broke off", () => {
    fc.assert(
      fc.property(fc.array(known, { minLength: 1, maxLength: 10 }), fc.nat(), (packets, seed) => {
        const whole = frameOf(packets);
        const cut = whole.subarray(0, 2 + (seed % (whole.length - 2)));
        let at = 2;
        let complete = 0;
        for (const packet of packets) {
          at += 2 + packet.length;
          if (at <= cut.length) complete++;
        }
        expect(decodeFrame(cut, rawBatch(1))).toEqual({ packets: complete, badPackets: 0, bad: true, trailing: 0 });
        expectColumnsToAgree(cut);
      }),
    );
  });

  it("never throws on random bytes, and its counts add up to what the frame announces", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), fc.integer({ min: -3, max: 12 }), (bytes, announced) => {
        const frame = Buffer.from(bytes);
        if (frame.length >= 2) frame.writeInt16BE(announced);
        const batch = rawBatch(1);
        const { packets, badPackets, bad } = decodeFrame(frame, batch);
        if (frame.length < 2) expect([packets, badPackets, bad]).toEqual([0, 0, false]);
        else if (announced < 0) expect([packets, badPackets, bad]).toEqual([0, 0, true]);
        else expect(bad ? packets + badPackets < announced : packets + badPackets === announced).toBe(true);
        expect(packetsOf(frame).packets.length).toBe(packets + badPackets);
        expectColumnsToAgree(frame);
      }),
      { numRuns: 500 },
    );
  });

  it("reads a frame that is a view into a larger buffer", () => {
    const frame = frameOf([Buffer.alloc(44, 7)]);
    const view = Buffer.concat([Buffer.alloc(13, 0xff), frame, Buffer.alloc(5, 0xff)]).subarray(13, 13 + frame.length);
    expectColumnsToAgree(view);
    expect(decodeFrame(view, rawBatch(1)).packets).toBe(1);
  });
});

describe("the official client's decoder", () => {
  /** Fields within the range both read alike, and segments the client knows (it reads NCO's four decimals as two); depth padding and the index's change are free. */
  const small = known.map((packet) => {
    const body = Buffer.from(packet);
    for (let field = 0; field < body.length; field += 4) body[field] = body[field]! & 0x7f;
    if (body[3] === 12) body[3] = 1;
    return body;
  });

  it("reads the same values from random frames", () => {
    fc.assert(
      fc.property(fc.array(small, { maxLength: 12 }), (packets) => {
        const frame = frameOf(packets);
        const batch = rawBatch(1);
        decodeFrame(frame, batch);
        expect(Array.from(batch.offset.subarray(0, batch.length), (offset) => inOfficialWords(frame, offset))).toEqual(
          officialTicks(frame),
        );
      }),
    );
  });
});
