import { useEffect, useRef } from "react";
import type { ChartController, Reading } from "./chart-controller";

/** Writes values that change with every tick into the page without React: once now and after each painting. */
export const usePainted = (controller: ChartController | null, write: (reading: Reading) => void): void => {
  const latest = useRef(write);
  useEffect(() => {
    latest.current = write;
  });
  useEffect(() => {
    if (controller === null) return undefined;
    const paint = (): void => latest.current(controller.reading());
    paint();
    return controller.onPaint(paint);
  }, [controller]);
};

/** Sets an element's text when it is another. */
export const put = (element: HTMLElement | null, text: string): void => {
  if (element !== null && element.textContent !== text) element.textContent = text;
};

/** Gives an element the class of a direction: text in the colour of rising or falling prices. */
export const tint = (element: HTMLElement | null, direction: "up" | "down" | "flat"): void => {
  if (element === null || element.dataset.direction === direction) return;
  element.dataset.direction = direction;
  element.classList.toggle("text-up", direction === "up");
  element.classList.toggle("text-down", direction === "down");
  element.classList.toggle("text-muted", direction === "flat");
};
