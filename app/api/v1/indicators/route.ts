import { route } from "@/app/api/_lib/route";

/** The catalogue of indicators: parameters with defaults and limits, plots, panes, bars before the first value. */
export const GET = route("GET /indicators", (running) => ({ data: running.indicators.catalogue() }));
