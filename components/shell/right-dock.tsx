import type { KeyboardEvent, PointerEvent, ReactNode } from "react";
import { DOCK_MAX, DOCK_MIN } from "./dock-script";
import { dock, useDock } from "./dock-state";

const STEP = 8;

/** The panel at the right, with an edge that is dragged or moved by arrow keys. */
export function RightDock({ children }: { children: ReactNode }) {
  const { width, open } = useDock();
  const grab = (event: PointerEvent<HTMLDivElement>): void => {
    // Else the browser may begin a drag of its own, which takes the pointer away.
    event.preventDefault();
    event.currentTarget.focus();
    event.currentTarget.setPointerCapture(event.pointerId);
  };
  const drag = (event: PointerEvent<HTMLDivElement>): void => {
    if (event.buttons === 1 && event.currentTarget.hasPointerCapture(event.pointerId))
      dock().resize(window.innerWidth - event.clientX);
  };
  const move = (event: KeyboardEvent): void => {
    const by = event.key === "ArrowLeft" ? STEP : event.key === "ArrowRight" ? -STEP : 0;
    if (by === 0) return;
    event.preventDefault();
    event.stopPropagation();
    dock().resize(width + by);
  };
  return (
    <aside
      id="dock"
      aria-label="Watchlist"
      tabIndex={-1}
      data-open={open}
      className="dock relative flex shrink-0 flex-col border-line bg-bg focus-visible:outline-none max-md:hidden max-md:w-full! max-md:pt-[env(safe-area-inset-top)] max-md:group-data-[phone-view=lists]/shell:flex md:w-(--dock-w) md:border-l"
    >
      <div
        role="separator"
        aria-label="Dock width"
        aria-orientation="vertical"
        aria-valuemin={DOCK_MIN}
        aria-valuemax={DOCK_MAX}
        aria-valuenow={width}
        tabIndex={0}
        onPointerDown={grab}
        onPointerMove={drag}
        onKeyDown={move}
        className="absolute inset-y-0 -left-[3px] z-(--z-dock) w-[5px] cursor-col-resize touch-none hover:bg-line-strong focus-visible:bg-focus active:bg-line-strong max-md:hidden"
      />
      {children}
    </aside>
  );
}
