/** A label on the price scale, in the page instead of the canvas: readable by people, tests and screen readers. */
export interface AxisLabel {
  element: HTMLElement;
  /**
   * CSS pixels from the top of the chart to the label's price, null hides it. `width`: of the price scale. `ticks`:
   * where the scale itself has labels; the plate covers those it touches whole, so that none is cut.
   */
  place(y: number | null, width: number, ticks?: readonly number[]): void;
  write(price: string, below: string): void;
  /** Class with a meaning: `up`, `down`, `stale`, `cross`, `series`. */
  look(kind: string, fill?: string): void;
  remove(): void;
}

/** Half of a scale label's height with its air, CSS px. */
const TICK_HALF = 8;
/** Half of our label's height, with one line and with two. */
const HALF = { one: 9, two: 16 };

/** How far a label at `y` must extend up and down to cover the scale labels it touches, CSS px from `y`. */
export const plateOf = (y: number, half: number, ticks: readonly number[]): { up: number; down: number } => {
  const touched = ticks.filter((tick) => Math.abs(tick - y) < half + TICK_HALF);
  return {
    up: Math.max(half, ...touched.map((tick) => y - tick + TICK_HALF)),
    down: Math.max(half, ...touched.map((tick) => tick - y + TICK_HALF)),
  };
};

/**
 * Place of the last price's label next to the crosshair's, CSS px. If they would overlap, it moves aside, because the
 * crosshair's label must stay at its price. The dotted line still marks the last price.
 */
export const besideCrosshair = (y: number, lines: 1 | 2, crosshair: number | null): number => {
  const apart = (lines === 1 ? HALF.one : HALF.two) + HALF.one;
  if (crosshair === null || Math.abs(y - crosshair) >= apart) return y;
  const above = crosshair - apart;
  return y < crosshair && above >= apart - HALF.one ? above : crosshair + apart;
};

/** Scale labels that the last price's label does not hide already. */
export const ticksBeside = (ticks: readonly number[], y: number | null, lines: 1 | 2): number[] =>
  ticks.filter((tick) => y === null || Math.abs(tick - y) >= (lines === 1 ? HALF.one : HALF.two) + TICK_HALF);

/** `belowId`: test id of the second line. `plate`: hides the scale's own labels it touches. */
export const axisLabel = (parent: HTMLElement, options: { belowId?: string; plate?: boolean } = {}): AxisLabel => {
  const element = document.createElement("div");
  element.className = "axis-label";
  const plate = options.plate === true;
  element.dataset.plate = String(plate);
  element.hidden = true;
  const body = element.appendChild(document.createElement("div"));
  const first = body.appendChild(document.createElement("div"));
  const second = body.appendChild(document.createElement("div"));
  first.className = "axis-label-price";
  second.className = "axis-label-below";
  second.hidden = true;
  if (options.belowId !== undefined) second.dataset.testid = options.belowId;
  parent.append(element);
  let placed = "";
  return {
    element,
    place(y, width, ticks = []) {
      const { up, down } = y === null ? { up: 0, down: 0 } : plateOf(y, second.hidden ? HALF.one : HALF.two, ticks);
      const where = y === null ? "" : `${Math.round(y)}/${width}/${Math.round(up)}/${Math.round(down)}`;
      if (where === placed) return;
      placed = where;
      element.hidden = y === null;
      if (y === null) return;
      element.style.width = `${width}px`;
      if (plate) {
        const half = second.hidden ? HALF.one : HALF.two;
        element.style.setProperty("--plate-up", `${Math.round(half - up)}px`);
        element.style.setProperty("--plate-down", `${Math.round(half - down)}px`);
      }
      element.style.transform = `translateY(calc(${Math.round(y)}px - 50%))`;
    },
    write(price, below) {
      if (first.textContent !== price) first.textContent = price;
      if (second.textContent !== below) second.textContent = below;
      second.hidden = below === "";
    },
    look(kind, fill = "") {
      if (element.dataset.kind !== kind) element.dataset.kind = kind;
      if (body.style.backgroundColor !== fill) body.style.backgroundColor = fill;
    },
    remove: () => element.remove(),
  };
};
