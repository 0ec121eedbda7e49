import { EXCHANGE_CLOCK, TRADE } from "@/server/domain/ticks/tick";
import { storedTicks } from "@/server/domain/ticks/stored-ticks";
import type { StoredBar, TickRun } from "@/server/ports/stores";

/** Instruments of the made-up market; the price of each goes its own way. */
export const INSTRUMENTS = 3_000;

/** The second `time` of each instrument as the pipeline closes it, passport included. */
export const secondBars = (time: number, instruments = INSTRUMENTS): StoredBar[] =>
  Array.from({ length: instruments }, (_, at): StoredBar => {
    const turn = at * 7 + time / 1_000;
    const close = 150_000 + at * 25 + (turn % 997);
    const volume = 1_000 + (turn % 7_919);
    const sequence = time * 1_000 + at * 4;
    return {
      instrumentId: at + 1,
      timeframe: "1s",
      time,
      open: close - (turn % 31),
      high: close + (turn % 53),
      low: close - 40,
      close,
      volume,
      value: volume * close,
      ticks: 4,
      openInterest: -1,
      rev: 1,
      state: "closed",
      incomplete: false,
      passport: {
        late: 0,
        firstTime: time + 3,
        lastTime: time + 990,
        firstSequence: sequence,
        lastSequence: sequence + 3,
        sources: 9,
        hash: (sequence * 31) % 2 ** 48,
      },
    };
  });

/** Ticks of one second, `count` of them spread over the instruments. */
export const secondTicks = (time: number, count: number, firstSequence: number): TickRun[] => {
  const each = count / INSTRUMENTS;
  const ticks = storedTicks(count);
  const runs: TickRun[] = [];
  for (let at = 0; at < INSTRUMENTS; at++) {
    const first = ticks.length;
    while (ticks.length < Math.round(each * (at + 1))) {
      const row = ticks.length++;
      ticks.time[row] = time + (row % 1_000);
      ticks.received[row] = time + (row % 1_000) + 3;
      ticks.price[row] = 150_000 + at * 25 + (row % 61);
      ticks.volume[row] = 1_000_000 + row * 3;
      ticks.openInterest[row] = -1;
      ticks.flags[row] = TRADE | EXCHANGE_CLOCK;
      ticks.sequence[row] = firstSequence + row;
    }
    runs.push({ instrumentId: at + 1, ticks, first, end: ticks.length });
  }
  return runs;
};
