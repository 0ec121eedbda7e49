import { z } from "zod";

/** A number of bars: `period` and its like. What `meta` says reaches the settings form and the REST catalogue. */
export const bars = (byDefault: number, least = 1, most = 1_000) =>
  z.number().int().min(least).max(most).default(byDefault).meta({ unit: "bars" });

/** A factor of a width, `k`. */
export const factor = (byDefault: number, least: number, most: number) =>
  z.number().min(least).max(most).default(byDefault).meta({ unit: "times" });
