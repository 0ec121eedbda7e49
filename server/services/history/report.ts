import type { Instrument } from "@/server/domain/instruments/instrument";
import type { BarFigures, JobProgress, JobReport } from "@/server/domain/basics/job";
import { toRupees } from "@/server/domain/basics/price";
import { istDate } from "@/server/domain/time/session";
import type { BarDifference, Figures, JobDay } from "@/server/ports/jobs";

const figures = (told: Figures | null, decimals: number): BarFigures | null => {
  if (told === null) return null;
  const [open, high, low, close] = told.map((price) => toRupees(price, decimals)) as [number, number, number, number];
  return { open, high, low, close, volume: told[4] };
};

/** A job as people read it: names for ids, rupees for minor units. */
export const jobReport = (
  job: JobProgress,
  days: readonly JobDay[],
  differences: readonly BarDifference[],
  instrument: (id: number) => Instrument,
  { limit, offset }: { limit: number; offset: number },
): JobReport => ({
  ...job,
  failures: days
    .filter(({ failure }) => failure !== null)
    .slice(offset, offset + limit)
    .map(({ instrumentId, day, failure }) => ({
      instrument: instrument(instrumentId).key,
      date: istDate(day),
      reason: failure!,
    })),
  differences: differences.map(({ instrumentId, timeframe, time, verdict, rule, stored, history }) => {
    const { key, decimals } = instrument(instrumentId);
    return {
      instrument: key,
      timeframe,
      time,
      verdict,
      rule,
      stored: figures(stored, decimals),
      history: figures(history, decimals),
    };
  }),
});
