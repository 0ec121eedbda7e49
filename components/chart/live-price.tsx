import { useRef } from "react";
import { changeText, directionOf, priceText, triangles } from "@/components/format/numbers";
import type { ChartController } from "./chart-controller";
import { put, tint, usePainted } from "./use-painted";

/** Last traded price and its change since the previous close: live also while the crosshair reads history. */
export function LivePrice({ controller, large = false }: { controller: ChartController | null; large?: boolean }) {
  const price = useRef<HTMLSpanElement>(null);
  const change = useRef<HTMLSpanElement>(null);
  usePainted(controller, ({ ltp, previousClose, decimals, store, light }) => {
    const last = ltp ?? (store.length === 0 ? null : store.close[store.length - 1]!);
    put(price.current, last === null ? "" : priceText(last, decimals));
    price.current?.classList.toggle("text-muted", light?.stale === true);
    const direction = directionOf(last, previousClose ?? 0);
    put(change.current, previousClose === null || last === null ? "" : `${triangles[direction]}${direction === "flat" ? "" : " "}${changeText(last, previousClose, decimals)}`);
    tint(change.current, direction);
  });
  return (
    <>
      <span ref={price} data-testid="ltp" className={large ? "block text-28 font-semibold" : "text-14 font-semibold"} />
      <span ref={change} data-testid="ltp-change" className={large ? "block text-13 font-medium" : "text-12 font-medium"} />
    </>
  );
}
