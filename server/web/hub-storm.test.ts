import { describe, expect, it } from "vitest";
import { barColumns } from "@/server/domain/bars/bar";
import type { Clock } from "@/server/ports/clock";
import type { Desk } from "@/server/ports/desk";
import { BoardLane } from "./board-lane";
import { Hub } from "./hub";

/** A desk whose answers wait until the test lets them go. */
const rig = () => {
  const timers = new Set<object>();
  const clock: Clock = {
    now: () => 1e12,
    after: () => () => {},
    sleep: () => Promise.resolve(),
    every() {
      const timer = {};
      timers.add(timer);
      return () => timers.delete(timer);
    },
  };
  const held = new Set<number>();
  let instance = 0;
  const waiting: (() => void)[] = [];
  const later = <T>(value: T): Promise<T> =>
    new Promise((resolve) => {
      waiting.push(() => resolve(value));
    });
  const desk = {
    resolve: (key: string) => Number(key.slice(4)),
    instrument: (index: number) => ({
      key: `SIM:${index}`,
      symbol: String(index),
      exchange: "SIM",
      name: "",
      decimals: 2,
      segment: "equity",
    }),
    isLive: () => true,
    isSimulated: () => true,
    session: () => null,
    sessionOpens: () => [],
    firstStored: () => later(0),
    isWarm: () => true,
    quote: () => null,
    forming: () => 0,
    spark: () => later([]),
    sparkNow: () => [],
    indicators: {
      running: () => [],
      read: (_: unknown, helds: readonly unknown[]) =>
        later({ closed: barColumns(0), forming: barColumns(0), first: 0, values: helds.map(() => []) }),
      hold: (_: number, __: unknown, spec: { id: string }) => {
        if (spec.id === "BAD") throw new Error("no such indicator");
        held.add(++instance);
        return { instance, plots: [], guides: [] };
      },
      drop: (id: number) => {
        held.delete(id);
      },
    },
  } as unknown as Desk;
  const meter = { count: () => {}, record: () => {}, reject: () => {}, gauge: () => {} };
  const joined = new Set<string>();
  const hub = new Hub({ desk, clock, wall: clock, meter, transport: { toRoom: () => {} } });
  const board = new BoardLane({ desk, clock, wall: clock, meter });
  const settle = async (): Promise<void> => {
    for (let turn = 0; turn < 20; turn++) {
      for (const go of waiting.splice(0)) go();
      await new Promise((resolve) => {
        setImmediate(resolve);
      });
    }
  };
  return { hub, board, held, joined, timers, settle };
};
const wish = (
  key: string,
  indicators: { id: string; params: Record<string, number> }[] = [
    { id: "SMA", params: {} },
    { id: "EMA", params: {} },
  ],
) => ({ key, timeframe: "1m" as const, bars: 100, indicators });

describe("clients that hang up", () => {
  it.each([0, 1, 2, 5])("leave no room, no indicator and no timer, after %i turns of their answers", async (turns) => {
    const { hub, board, held, joined, timers, settle } = rig();
    const clients = Array.from({ length: 150 }, (_, number) => ({ id: `c${number}`, gone: new AbortController() }));
    const asked = clients.flatMap(({ id, gone }, number) => [
      ...[0, 1, 2, 3].map((each) =>
        hub.subscribe(id, wish(`SIM:${(number * 4 + each) % 200}`), (room) => joined.add(`${id} ${room}`), gone.signal),
      ),
      board.subscribe(id, ["SIM:1", "SIM:2"], () => true, gone.signal),
    ]);
    const ends = Promise.allSettled(asked);
    expect(held.size).toBe(1_200);
    for (let turn = 0; turn < turns; turn++)
      await new Promise((resolve) => {
        setImmediate(resolve);
      });
    for (const { id, gone } of clients) {
      gone.abort(new Error("gone"));
      hub.leave(id);
      board.leave(id);
    }
    await settle();
    expect((await ends).every(({ status }) => status === "rejected")).toBe(true);
    expect({ rooms: hub.size, held: held.size, joined: joined.size, boards: board.size, timers: timers.size }).toEqual({
      rooms: 0,
      held: 0,
      joined: 0,
      boards: 0,
      timers: 0,
    });
  });

  it("leave nothing when they go after the answer either, and what was begun before a refusal is let go", async () => {
    const { hub, held, settle } = rig();
    const gone = new AbortController();
    const answer = hub.subscribe("a", wish("SIM:1"), () => {}, gone.signal);
    await settle();
    await answer;
    expect([hub.size, held.size]).toEqual([1, 2]);
    await expect(
      hub.subscribe(
        "a",
        wish("SIM:2", [
          { id: "SMA", params: {} },
          { id: "BAD", params: {} },
        ]),
        () => {},
        gone.signal,
      ),
    ).rejects.toThrow("no such indicator");
    expect([hub.size, held.size]).toEqual([1, 2]);
    gone.abort(new Error("gone"));
    hub.leave("a");
    expect([hub.size, held.size]).toEqual([0, 0]);
    await expect(hub.subscribe("a", wish("SIM:3"), () => {}, gone.signal)).rejects.toThrow("gone");
    expect([hub.size, held.size]).toEqual([0, 0]);
  });

  it("may watch as many charts as fit a desk, and no more", async () => {
    const { hub, settle } = rig();
    const answers = Array.from({ length: 64 }, (_, number) => hub.subscribe("a", wish(`SIM:${number}`), () => {}));
    await settle();
    await Promise.all(answers);
    await expect(hub.subscribe("a", wish("SIM:64"), () => {})).rejects.toMatchObject({ code: "rate_limited" });
    expect(hub.size).toBe(64);
    const again = hub.subscribe("a", wish("SIM:63"), () => {});
    await settle();
    await again;
    expect(hub.size).toBe(64);
  });
});
