import type { z } from "zod";
import type { indicatorValuesQuery, RestIndicatorRow } from "@/server/contract/rest";
import type { container } from "@/server/runtime";

/** Indicator values as REST says them: by plot, prices in rupees, epoch ms; the numbers a chart shows. */
export const indicatorValuesAnswer = async (
  running: ReturnType<typeof container>,
  query: z.output<typeof indicatorValuesQuery>,
  signal: AbortSignal,
): Promise<{ data: RestIndicatorRow[]; meta: Record<string, unknown> }> => {
  const instrument = running.desk.resolve(query.instrument);
  const { decimals, key } = running.desk.instrument(instrument);
  const { label, plots, values } = await running.heavy.run(
    () =>
      running.indicators.values({
        instrument,
        timeframe: query.timeframe,
        spec: query.spec,
        limit: query.limit,
        from: query.from,
        to: query.to,
        asOf: query.asOf,
        signal,
      }),
    signal,
  );
  const scale = plots.map(({ unit }) => (unit === "price" ? 10 ** decimals : 1));
  const data = values.map((row): RestIndicatorRow => ({
    time: row.time,
    live: row.live,
    values: Object.fromEntries(
      plots.map(({ id }, plot) => [id, row.values[plot] === null ? null : row.values[plot]! / scale[plot]!]),
    ),
  }));
  return {
    data,
    meta: {
      key,
      timeframe: query.timeframe,
      indicator: label,
      plots,
      count: data.length,
      ...(query.asOf === undefined ? {} : { asOf: query.asOf }),
    },
  };
};
