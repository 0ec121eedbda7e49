/** A label on the price scale, in the page instead of the canvas: readable by people, tests and screen readers. */
export interface AxisLabel {
  element: HTMLElement;
  /** CSS pixels from the top of the chart to the label's price, null hides it. `width`: of the price scale. */
  place(y: number | null, width: number): void;
  write(price: string, below: string): void;
  /** Class that says what it means: `up`, `down`, `stale`, `cross`, `series`. */
  look(kind: string, fill?: string): void;
  remove(): void;
}

/** `belowId`: test id of the second line. `plate`: hides the scale's own labels within 10 px. */
export const axisLabel = (parent: HTMLElement, options: { belowId?: string; plate?: boolean } = {}): AxisLabel => {
  const element = document.createElement("div");
  element.className = "axis-label";
  element.dataset.plate = String(options.plate === true);
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
    place(y, width) {
      const where = y === null ? "" : `${Math.round(y)}/${width}`;
      if (where === placed) return;
      placed = where;
      element.hidden = y === null;
      if (y === null) return;
      element.style.width = `${width}px`;
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
