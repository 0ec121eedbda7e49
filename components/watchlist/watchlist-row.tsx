import { type MouseEvent, memo, useEffect, useRef } from "react";
import { SPARK_POINTS } from "@/components/client/quote-table";
import { feed } from "@/components/client/feed";
import { quote } from "@/components/client/quotes";
import { directionOf, MISSING, priceText, triangles } from "@/components/format/numbers";
import { live } from "@/components/client/live";
import type { QuoteRow } from "@/server/contract/live";
import { splitKey } from "@/server/domain/instruments/instrument";
import { chartHref } from "./chart-href";
import { ageTexts, changeCell, isKept, moveOf, rowState } from "./row-text";
import { sparkline } from "./sparkline";

const WIDTH = 56;
const HEIGHT = 18;
/** A young day is drawn this wide, so that its first minutes are a line and not a dot. */
const DAY_SHARE = 0.7;
const FLASH_MS = 250;
/** A name with more letters does not fit beside the line of its day: futures and options. */
const LONG_NAME = 11;
/** Up to this many letters (NIFTY26NOV24500CE) a contract fits beside a narrower line. */
const LONGEST_BESIDE_LINE = 17;
const lengthOf = (symbol: string): "false" | "true" | "whole" =>
  symbol.length <= LONG_NAME ? "false" : symbol.length <= LONGEST_BESIDE_LINE ? "true" : "whole";

interface Cells {
  price: HTMLElement;
  change: HTMLElement;
  mark: HTMLElement;
  line: SVGPathElement;
  base: SVGPathElement;
  row: HTMLElement;
  exchange: HTMLElement;
  mute: HTMLElement;
}

const inks = { up: "var(--c-up)", down: "var(--c-down)", flat: "var(--c-muted)" };

/** Writes one quote into the row's cells; returns -1, 0 or 1: which way the price moved since the last one written. */
const write = (cells: Cells, row: QuoteRow, before: QuoteRow | null): number => {
  const price = row.price;
  const direction = directionOf(price, row.previousClose);
  if (
    before === null ||
    price !== before.price ||
    row.previousClose !== before.previousClose ||
    isKept(row) !== isKept(before)
  ) {
    cells.price.textContent = priceText(price, row.decimals);
    cells.change.textContent = changeCell(row, live().now());
    cells.row.dataset.kept = String(isKept(row));
    cells.mark.textContent = triangles[direction];
    cells.row.dataset.direction = direction;
  }
  if (before === null || row.spark !== before.spark || direction !== directionOf(before.price, before.previousClose)) {
    const { path, base } = sparkline(
      row.spark,
      row.previousClose,
      WIDTH,
      HEIGHT,
      Math.min(SPARK_POINTS, Math.ceil(row.spark.length / DAY_SHARE)),
    );
    cells.line.setAttribute("d", path);
    cells.line.setAttribute("stroke", inks[direction]);
    cells.base.setAttribute("d", base === null ? "" : `M0 ${base}H${WIDTH}`);
  }
  cells.row.dataset.live = String(row.live);
  return moveOf(row, before);
};

/** The age, once a second: only rows that went quiet show it on a wide screen. */
const writeAge = (cells: Cells, row: QuoteRow, now: number): void => {
  const { quiet, mute, exchange, title } = ageTexts(row, now, rowState(row, feed().get(), now));
  cells.row.dataset.mute = String(mute !== "");
  cells.mute.textContent = mute;
  cells.row.dataset.quiet = String(quiet);
  cells.exchange.textContent = exchange;
  cells.row.title = title;
  if (isKept(row)) cells.change.textContent = changeCell(row, now);
};

export interface WatchlistRowProps {
  instrument: string;
  current: boolean;
  focusable: boolean;
  onPick: (key: string) => void;
}

/** One instrument of the list. React draws it once; prices are written into its cells. */
export const WatchlistRow = memo(function WatchlistRow({ instrument, current, focusable, onPick }: WatchlistRowProps) {
  const row = useRef<HTMLAnchorElement>(null);
  useEffect(() => {
    const root = row.current!;
    const part = <E extends Element>(name: string): E => root.querySelector<E>(`[data-part="${name}"]`)!;
    const cells: Cells = {
      row: root,
      price: part("price"),
      change: part("change"),
      mark: part("mark"),
      line: part("line"),
      base: part("base"),
      exchange: part("exchange"),
      mute: part("mute"),
    };
    const value = quote(instrument);
    let shown: QuoteRow | null = null;
    let beat = 0;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const draw = (): void => {
      const next = value.get();
      if (next === null) return;
      const moved = write(cells, next, shown);
      if (shown === null) writeAge(cells, next, live().now());
      shown = next;
      if (moved === 0) return;
      cells.price.classList.remove("flash-up", "flash-down");
      cells.price.classList.add(moved > 0 ? "flash-up" : "flash-down");
      // A class put back in the same frame does not start its animation again; another animation does.
      cells.price.dataset.beat = String((beat ^= 1));
      clearTimeout(timer);
      timer = setTimeout(() => cells.price.classList.remove("flash-up", "flash-down"), FLASH_MS);
    };
    draw();
    const leave = value.subscribe(draw);
    const ages = setInterval(() => {
      if (shown !== null) writeAge(cells, shown, live().now());
    }, 1_000);
    return () => {
      leave();
      clearTimeout(timer);
      clearInterval(ages);
    };
  }, [instrument]);

  const pick = (event: MouseEvent): void => {
    if (event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    onPick(instrument);
  };
  const parts = splitKey(instrument);
  return (
    <a
      ref={row}
      href={chartHref(instrument)}
      onClick={pick}
      tabIndex={focusable ? 0 : -1}
      aria-current={current ? "true" : undefined}
      data-testid={`wl-row-${instrument}`}
      data-key={instrument}
      data-live="true"
      data-long={lengthOf(parts?.symbol ?? instrument)}
      className="wl-row"
    >
      <span className="wl-symbol">
        <span className="truncate">{parts?.symbol ?? instrument}</span>
        <span className="wl-quiet" aria-hidden />
        <span data-part="mute" className="wl-mute" />
        <span data-part="exchange" className="wl-exchange">
          {parts?.exchange}
        </span>
      </span>
      <svg
        width={WIDTH}
        height={HEIGHT}
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        preserveAspectRatio="none"
        aria-hidden
        className="wl-spark"
      >
        <path data-part="base" fill="none" stroke="var(--c-line-strong)" strokeWidth="1" strokeDasharray="1 2.5" />
        <path data-part="line" fill="none" strokeWidth="1.2" strokeLinejoin="round" strokeLinecap="round" />
      </svg>
      <span className="wl-price">
        <span data-part="price" data-testid={`wl-ltp-${instrument}`} className="flash">
          {MISSING}
        </span>
      </span>
      <span className="wl-change">
        <span data-part="mark" className="wl-mark" aria-hidden />
        <span data-part="change">{MISSING}</span>
        <span className="wl-unit md:sr-only">%</span>
      </span>
    </a>
  );
});
