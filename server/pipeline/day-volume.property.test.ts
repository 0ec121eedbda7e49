import { describe, expect, it } from "vitest";
import { type Bar, barAt, type BarBatch, CLOSE, PATCH } from "@/server/domain/bars/bar";
import { createCalendar } from "@/server/domain/calendar/calendar";
import { InstrumentTable } from "@/server/domain/instruments/instrument-table";
import { istDay } from "@/server/domain/time/session";
import type { RejectCounts } from "./normalise";
import { named, testInstrument } from "@/server/testing/pipeline-rig";
import { randomOf } from "@/server/testing/session-rounds";
import { FileRun } from "./file-run";

const SEEDS = Number(process.env["VOLUME_SEEDS"] ?? 100);
const calendar = createCalendar();
const timeframes = [named("1s"), named("1m"), named("15m"), named("1d")];
type Lie = "back" | "jump" | "wrap" | "none";
/**
 * The volume traded by then, the packet's volume, and whether it is wrong; `lowered`: from here on the exchange counts
 * less.
 */
interface Packet {
  time: number;
  price: number;
  traded: number;
  told: number;
  lie: Lie;
  lowered: boolean;
}

/** Two days of one stock. Wrong values are single packets; a lowered value stays for the day. */
const market = (random: () => number): Packet[] => {
  const below = (limit: number): number => Math.floor(random() * limit);
  const packets: Packet[] = [];
  // Days of some millions, and days that come near to where a counter of 31 or 32 bits is full.
  const scale = [1, 1, 20_000][below(3)]!;
  for (const date of ["2025-11-19", "2025-11-20"]) {
    let time = Date.parse(`${date}T09:15:00+05:30`);
    let traded = 20_000 * scale; // the pre-open's
    let taken = 0;
    let price = 100_000;
    let quiet = 0;
    for (let made = 0; made < 250; made++) {
      if (made > 0) time += [400, 1_000, 1_000, 3_000, 30_000, 61_000][below(6)]!;
      price = Math.max(50_000, price + (below(41) - 20) * 5);
      if (below(4) > 0) traded += (50 + below(900)) * scale;
      quiet++;
      const told = traded - taken;
      const isWide = made > 20 && quiet > 3;
      const kind = isWide ? below(30) : 9;
      const before = packets.at(-1)?.told ?? 0;
      let lie: Lie = "none";
      let says = told;
      let lowered = false;
      if (kind === 0 && before > 100) {
        lie = "back";
        says = Math.floor(before * (0.3 + random() * 0.65));
      } else if (kind === 1) {
        lie = "jump";
        says = told * (100 + below(100)) + 5_000_000;
      } else if (kind === 2 && before > 100) {
        lie = "wrap";
        says = below(2) === 0 ? 4_294_967_295 - below(5) : below(50);
      } else if (kind === 3 && before > 1_000 && below(3) === 0) {
        lowered = true;
        taken += Math.floor(before / 4) + (told - before);
        says = traded - taken;
      }
      if (lie !== "none" || lowered) quiet = 0;
      packets.push({ time, price, traded, told: says, lie, lowered });
    }
  }
  return packets;
};

const run = (packets: readonly Packet[], rowsPerBatch: number): { bars: Map<string, Bar>; rejects: RejectCounts } => {
  const table = new InstrumentTable();
  table.put(testInstrument(1), "NSE");
  const bars = new Map<string, Bar>();
  const run = new FileRun(table, calendar, (batch: BarBatch) => {
    for (let row = 0; row < batch.length; row++) {
      const key = `${batch.timeframe[row]} ${batch.time[row]}`;
      if (batch.event[row] === CLOSE)
        bars.set(key, {
          ...barAt(batch, row),
          incomplete: batch.incomplete[row] === 1 || bars.get(key)?.incomplete === true,
        });
      else if (batch.event[row] === PATCH && batch.incomplete[row] === 1 && bars.has(key))
        bars.get(key)!.incomplete = true;
    }
  });
  run.play(
    0,
    {
      length: packets.length,
      time: packets.map(({ time }) => time),
      price: packets.map(({ price }) => price),
      volume: packets.map(({ told }) => told),
    },
    rowsPerBatch,
  );
  run.finish();
  return { bars, rejects: run.normaliser.rejects };
};

/** The slow way: volume between consecutive correct packets, by the bar of its second. */
const truth = (packets: readonly Packet[]): { volume: Map<string, number>; touched: Set<string> } => {
  const volume = new Map<string, number>();
  const touched = new Set<string>();
  let before = 0;
  let day = 0;
  let isOpen = false; // a doubt
  for (const { time, traded, lie, lowered } of packets) {
    if (istDay(time) !== day) {
      day = istDay(time);
      before = 0;
      isOpen = false;
    }
    for (const of of timeframes) {
      const key = keyOf(of.index, time);
      if (lie !== "none" || lowered || isOpen) touched.add(key);
      if (lie === "none") volume.set(key, (volume.get(key) ?? 0) + traded - before);
    }
    if (lie === "none") before = traded;
    isOpen = lie !== "none" || lowered;
  }
  return { volume, touched };
};
const keyOf = (of: number, time: number): string => {
  const open = Math.floor((time + 19_800_000) / 86_400_000) * 86_400_000 - 19_800_000 + 555 * 60_000;
  const length = [1_000, 60_000, 900_000][timeframes.findIndex(({ index }) => index === of)];
  return `${of} ${length === undefined ? open : open + Math.floor((time - open) / length) * length}`;
};

describe("volumes that lie", () => {
  it(`never make a bar's volume greater than the true one, and mark every bar they change (${SEEDS} seeds)`, () => {
    const seen = { back: 0, jump: 0, wrap: 0, lowered: 0, marked: 0, minutes: 0, without: 0 };
    for (let seed = 1; seed <= SEEDS; seed++) {
      const random = randomOf(seed);
      const packets = market(random);
      const { volume, touched } = truth(packets);
      const { bars, rejects } = run(packets, 1 + Math.floor(random() * 300));
      for (const [key, bar] of bars) {
        if (!volume.has(key) && !touched.has(key)) continue;
        const told = `seed ${seed}, ${key} (${new Date(bar.time + 19_800_000).toISOString()})`;
        expect(bar.volume, told).toBeLessThanOrEqual(volume.get(key) ?? 0);
        // A wrong packet that hid no trade leaves the bar exact.
        if (bar.volume !== (volume.get(key) ?? 0)) expect(bar.incomplete, `${told} is marked`).toBe(true);
        if (!key.startsWith(`${named("1m").index} `)) continue;
        seen.minutes++;
        if (bar.incomplete) seen.marked++;
        if (bar.incomplete && !touched.has(key)) seen.without++;
      }
      for (const each of packets) {
        if (each.lie !== "none") seen[each.lie]++;
        if (each.lowered) seen.lowered++;
      }
      // Every wrong value is counted, by any reason.
      const lies = packets.filter((each) => each.lie !== "none" || each.lowered).length;
      expect(rejects.volume_back + rejects.volume_jump + rejects.volume_wrap, `seed ${seed}`).toBeGreaterThanOrEqual(
        lies,
      );
    }
    for (const name of ["back", "jump", "wrap", "lowered", "marked"] as const)
      expect(seen[name], name).toBeGreaterThan(SEEDS / 2);
    // A mark on a complete minute costs a request to history: the neighbour of a wrong value sometimes has one, a quiet
    // minute none.
    expect(seen.without).toBeLessThan(seen.minutes / 50);
  }, 120_000);

  const at = (stamp: string): number => Date.parse(`2025-11-20T${stamp}+05:30`);
  const packet = (stamp: string, told: number): Packet => ({
    time: at(stamp),
    price: 150_000,
    traded: told,
    told,
    lie: "none",
    lowered: false,
  });
  const minutes = (packets: readonly Packet[]) =>
    [...run(packets, 1).bars]
      .filter(([key]) => key.startsWith(`${named("1m").index} `))
      .map(([, { volume, incomplete }]) => [volume, incomplete]);

  it("keep the last good figure: a single step back of a tenth makes no minute of the whole day", () => {
    const { rejects } = run(
      [packet("09:15:00", 15_000_000), packet("09:16:01", 13_500_000), packet("09:16:02", 15_033_606)],
      1,
    );
    expect([rejects.volume_back, rejects.volume_jump]).toEqual([1, 0]);
    // The lying packet had the same price: it is no trade.
    expect(
      minutes([
        packet("09:15:00", 15_000_000),
        packet("09:16:10", 13_500_000),
        packet("09:16:11", 15_033_606),
        packet("09:17:10", 15_033_700),
      ]),
    ).toEqual([
      [15_000_000, false],
      [33_606, true],
      [94, false],
    ]);
  });
  it("are believed on a new date, and where two packets agree on less", () => {
    expect(
      minutes([
        packet("15:20:00", 900_000),
        packet("15:21:10", 400_000),
        packet("15:21:11", 400_100),
        packet("15:22:10", 400_150),
      ]),
    ).toEqual([
      [0, false],
      [100, true],
      [50, false],
    ]);
    const nextDay = { ...packet("09:15:00", 700), time: at("09:15:00") + 86_400_000 };
    expect(minutes([packet("09:15:00", 900_000), nextDay])).toEqual([
      [900_000, false],
      [700, false],
    ]);
  });
  it("that two packets agree on count no volume twice when they go back to where they were", () => {
    const { bars } = run(
      [
        packet("09:15:00", 0),
        packet("10:00:00", 1_000_000),
        packet("10:00:01", 900_000),
        packet("10:00:02", 900_100),
        packet("10:00:03", 900_200),
        packet("10:00:04", 1_000_400),
        packet("10:00:05", 1_000_500),
      ],
      1,
    );
    expect(bars.get(`${named("1d").index} ${at("09:15:00")}`)!.volume).toBeLessThanOrEqual(1_000_500);
  });
  const total = (told: readonly number[], step = 10): number[] => {
    const { bars } = run(
      told.map((volume, made) => ({
        ...packet("09:15:00", volume),
        time: at("09:15:00") + made * step * 1_000,
        price: 150_000 + made * 5,
      })),
      1,
    );
    const seconds = [...bars].filter(([key]) => key.startsWith("0 ")).reduce((sum, [, { volume }]) => sum + volume, 0);
    return [bars.get(`${named("1d").index} ${at("09:15:00")}`)!.volume, seconds];
  };
  it("of nothing after trades are never where counting begins, however many packets say so", () => {
    for (const zeros of [1, 2, 3, 7])
      for (const step of [1, 10, 90]) {
        expect(
          total([100, 200, ...Array<number>(zeros).fill(0), 300, 400], step),
          `${zeros} zeros ${step} s apart`,
        ).toEqual([400, 400]);
      }
    expect(total([100, 200, 0, 0, 300, 0, 0, 0, 400, 0])).toEqual([400, 400]);
    // A counter that restarts and continues is accepted from its first non-zero value.
    expect(total([100, 200, 0, 10, 20, 30])).toEqual([220, 220]);
  });
  it("that go back to where they were lose nothing of what came since", () => {
    for (const [told, right] of [
      [[100, 200, 50, 60, 300, 400], 400],
      [[1_000, 2_000, 500, 520, 540, 2_100, 2_150, 2_200], 2_200],
      [[1_000, 2_000, 1_000, 1_010, 500, 510, 2_300, 2_310, 2_320], 2_320],
    ] as const) {
      expect(total(told), String(told)).toEqual([right, right]);
    }
  });
  it("say 0 at random and nothing is lost or counted twice", () => {
    for (let seed = 1; seed <= SEEDS; seed++) {
      const random = randomOf(seed);
      const told: number[] = [];
      let traded = 0;
      for (let made = 0; made < 200; made++) {
        traded += Math.floor(random() * 900);
        told.push(traded);
        if (random() < 0.1) for (let zeros = 1 + Math.floor(random() * 4); zeros > 0; zeros--) told.push(0);
      }
      expect(total(told, 1 + Math.floor(random() * 20)), `seed ${seed}`).toEqual([traded, traded]);
    }
  });
  it("that were true after all stay in the second that told them", () => {
    const { bars } = run(
      [
        packet("09:15:00", 0),
        packet("11:00:00", 10_000),
        packet("11:00:01", 10_010),
        packet("11:00:02", 1_010_010),
        packet("11:00:05", 1_010_020),
      ],
      1,
    );
    expect(["11:00:02", "11:00:05"].map((stamp) => bars.get(`0 ${at(stamp)}`)?.volume)).toEqual([1_000_000, 10]);
  });
  it("of a day's last packet throw no doubt on the next day", () => {
    const next = (stamp: string, told: number): Packet => ({ ...packet(stamp, told), time: at(stamp) + 86_400_000 });
    expect(
      minutes([
        packet("09:15:00", 900_000),
        packet("15:29:00", 400_000),
        next("09:15:00", 700),
        next("09:15:01", 800),
        next("09:16:00", 850),
      ]).slice(-2),
    ).toEqual([
      [800, false],
      [50, false],
    ]);
  });
  it("are not believed because the packet is sent twice", () => {
    const rows = [
      packet("09:15:00", 0),
      packet("11:00:00", 10_000),
      packet("11:00:01", 10_010),
      packet("11:00:02", 5_010_010),
      packet("11:00:02", 5_010_010),
      packet("11:00:03", 10_020),
    ];
    expect(run(rows, 1).bars.get(`${named("1d").index} ${at("09:15:00")}`)!.volume).toBe(10_020);
  });
  it("of the old date that come with a stamp of the new one are not the new day's", () => {
    const next = (stamp: string, told: number, price = 150_000): Packet => ({
      ...packet(stamp, told),
      price,
      time: at(stamp) + 86_400_000,
    });
    for (const price of [150_000, 150_500]) {
      const { bars } = run(
        [
          packet("09:15:00", 0),
          packet("15:29:00", 900_000),
          next("09:15:00", 900_000, price),
          next("09:15:05", 900_000, price + 500),
          next("09:15:10", 700, price),
          next("09:15:20", 750, price),
        ],
        1,
      );
      expect(bars.get(`${named("1d").index} ${at("09:15:00") + 86_400_000}`)!.volume, `at ${price}`).toBe(750);
    }
  });
  const jumps = (...told: [stamp: string, told: number][]): number =>
    run(
      told.map(([stamp, volume]) => packet(stamp, volume)),
      1,
    ).rejects.volume_jump;
  it("are a jump where the day's pace does not bring as much in the time, and a million rupees", () => {
    // 167 shares a second: fifty times that is 8,333 in one second, and half a million in a minute.
    expect(jumps(["09:15:00", 0], ["09:16:00", 10_000], ["09:16:01", 19_000], ["09:16:02", 10_010])).toBe(1);
    expect(jumps(["09:15:00", 0], ["09:16:00", 10_000], ["09:17:00", 19_000], ["09:17:01", 19_010])).toBe(0);
    // 1,500 rupees each.
    expect(jumps(["09:15:00", 0], ["10:00:00", 100], ["10:00:01", 800], ["10:00:02", 801])).toBe(1);
    expect(jumps(["09:15:00", 0], ["10:00:00", 100], ["10:00:01", 760], ["10:00:02", 761])).toBe(0);
  });
  it("are measured by the day before as well, as long as the day has little", () => {
    const next = (stamp: string, told: number): Packet => ({ ...packet(stamp, told), time: at(stamp) + 86_400_000 });
    const early = [
      next("09:15:00", 500),
      next("09:20:00", 1_000),
      next("09:20:01", 100_000),
      next("09:20:02", 100_010),
    ];
    const rejects = (dayBefore: number) =>
      run([packet("09:15:00", 0), packet("15:29:00", dayBefore), ...early], 1).rejects.volume_jump;
    expect([rejects(900_000), rejects(9_000)]).toEqual([0, 1]);
  });
  it("of a row that the first of a new date has overtaken are nothing new", () => {
    const { rejects } = run(
      [
        packet("15:29:00", 900_000),
        { ...packet("09:15:00", 700), time: at("09:15:00") + 86_400_000 },
        packet("15:29:59", 900_100),
      ],
      3,
    );
    expect([rejects.volume_jump, rejects.volume_back]).toEqual([0, 0]);
  });
  it("are called a wrap only where a full counter would show them", () => {
    const reasons = (told: number) => {
      const { volume_back, volume_wrap } = run(
        [packet("09:15:00", 1_900_000_000), packet("10:00:00", told)],
        1,
      ).rejects;
      return [volume_back, volume_wrap];
    };
    expect([reasons(1_000), reasons(1_000_000_000)]).toEqual([
      [0, 1],
      [1, 0],
    ]);
  });
  it("do not touch a block deal, which the next packet agrees with", () => {
    const rows = [
      packet("09:15:00", 0),
      packet("11:00:00", 10_000),
      packet("11:00:01", 10_010),
      packet("11:00:02", 1_010_010),
      packet("11:00:03", 1_010_020),
    ];
    const { bars, rejects } = run(rows, 1);
    expect([bars.get(`${named("1d").index} ${at("09:15:00")}`)!.volume, rejects.volume_jump]).toEqual([1_010_020, 1]);
  });
});
