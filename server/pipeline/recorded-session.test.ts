import { describe, expect, it } from "vitest";
import { AUCTION_BAR } from "@/server/domain/bars/bar";
import { createCalendar } from "@/server/domain/calendar/calendar";
import { rawBatch } from "@/server/domain/ticks/tick";
import { timeframe } from "@/server/domain/time/timeframe";
import { decodeFrame } from "@/server/feeds/kite/wire";
import { type RecordedSession, recordedJson } from "@/server/testing/recorded";
import { SessionRig } from "@/server/testing/session-rig";
import { type ExpectedBar, type Happening, type Round, WATERMARK } from "@/server/testing/session-rounds";

const { instruments, frames } = recordedJson<RecordedSession>("session.json.gz");
/** By key of `barKey`: made from the official client's reading of the same frames. */
const expected = new Map(recordedJson<[number, ExpectedBar][]>("session-bars.json.gz"));

const happenings = (): Happening[] => {
  const numbers = new Map(instruments.map(({ token }, number) => [token, number]));
  const batch = rawBatch(16);
  return frames.map(([received, hex]) => {
    expect(decodeFrame(Buffer.from(hex, "hex"), batch)).toMatchObject({ bad: false, badPackets: 0 });
    const rows = Array.from({ length: batch.length }, (_, row) => ({
      instrument: numbers.get(batch.token[row]!)!,
      time: batch.exchangeTime[row]!,
      price: batch.price[row]!,
      volume: batch.volume[row]!,
      openInterest: batch.openInterest[row]!,
      arrives: received,
    }));
    return { kind: "rows", received, rows };
  });
};

describe("a recorded session of our own making", () => {
  const played = (cut?: number): ReadonlyMap<number, ExpectedBar> => {
    const round: Round = { collector: 0, hours: instruments.map(({ hours }) => hours), happenings: happenings() };
    const rig = new SessionRig(round, createCalendar());
    rig.play(round.happenings.slice(0, cut ?? Number.POSITIVE_INFINITY));
    if (cut !== undefined) {
      rig.restart();
      rig.play(round.happenings.slice(cut));
    }
    rig.finish();
    expect(rig.doubled).toBe(0);
    return rig.bars;
  };
  const sorted = (bars: ReadonlyMap<number, ExpectedBar>): [number, ExpectedBar][] =>
    [...bars].map(([key, bar]): [number, ExpectedBar] => [key, { ...bar, mostPatches: 0 }]).sort((a, b) => a[0] - b[0]);

  it("becomes the expected bars of every timeframe, with all figures", () => {
    const bars = played();
    expect(sorted(bars)).toEqual(sorted(expected));
    const named = (of: number): number => [...bars.keys()].filter((key) => key % 128 === of).length;
    expect([named(timeframe("1m").index), named(timeframe("1d").index), named(AUCTION_BAR)]).toEqual([20, 4, 3]);
    expect(WATERMARK).toBe(2);
  });

  it.each([1, 200, 400, 700])("becomes the same when the process is replaced after frame %i", (cut) => {
    expect(cut).toBeLessThan(frames.length);
    expect(sorted(played(cut))).toEqual(sorted(expected));
  });
});
