import { redirect } from "next/navigation";
import { connection } from "next/server";
import { chartHref } from "@/components/watchlist/chart-href";
import { container } from "@/server/runtime";

/** Where nothing is listed yet: the page then says what is missing. */
const FIRST_CHART = "SIM:RELIANCE";

/** The way in: the chart one left, or the first one. */
export default async function HomePage() {
  await connection();
  const running = container();
  const kept = await running.workspace();
  redirect(
    kept !== null && kept.key !== ""
      ? `${chartHref(kept.key)}?tf=${kept.timeframe}`
      : `${chartHref(running.firstInstrument() ?? FIRST_CHART)}?tf=1m`,
  );
}
