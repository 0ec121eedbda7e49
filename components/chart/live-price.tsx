import { useRef } from "react";
import { changeText, directionOf, priceText, triangles } from "@/components/format/numbers";
import type { ChartController } from "./chart-controller";
import { put, tint, usePainted } from "./use-painted";

/** On a phone it is a block of its own, and in one line with the rest in landscape. */
const looks = {
  small: "text-14 font-semibold",
  medium: "block text-20 font-semibold short:text-16",
  large: "block text-28 font-semibold short:text-16",
};

/** Last traded price and its change since the previous close: live also while the crosshair reads history. */
export function LivePrice({
  controller,
  size = "small",
}: {
  controller: ChartController | null;
  size?: "small" | "medium" | "large";
}) {
  const price = useRef<HTMLSpanElement>(null);
  const whole = useRef<HTMLSpanElement>(null);
  const mark = useRef<HTMLSpanElement>(null);
  const change = useRef<HTMLSpanElement>(null);
  usePainted(controller, ({ ltp, previousClose, decimals, store, light }) => {
    const last = ltp ?? (store.length === 0 ? null : store.close[store.length - 1]!);
    put(price.current, last === null ? "" : priceText(last, decimals));
    price.current?.classList.toggle("text-muted", light?.stale === true);
    const direction = directionOf(last, previousClose ?? 0);
    put(mark.current, previousClose === null ? "" : triangles[direction]);
    put(change.current, previousClose === null || last === null ? "" : changeText(last, previousClose, decimals));
    tint(whole.current, direction);
  });
  return (
    <>
      <span ref={price} data-testid="ltp" className={looks[size]} />
      <span
        ref={whole}
        data-testid="ltp-change"
        className={
          size !== "small"
            ? "flex items-baseline justify-end gap-1 text-13 font-medium whitespace-nowrap short:text-12 short:max-[760px]:hidden"
            : "flex items-baseline gap-1 text-12 font-medium"
        }
      >
        <span ref={mark} aria-hidden className="text-[0.75em] leading-none" />
        <span ref={change} />
      </span>
    </>
  );
}
