import { z } from "zod";
import { route } from "@/app/api/_lib/route";

/** The catalogue of indicators: parameters with defaults and limits, plots, panes. */
export const GET = route(z.unknown(), (running) => ({ data: running.indicatorCatalogue() }));
