import type { FrameTimes } from "@/components/client/latency";
import type { BarsFrame } from "@/server/contract/live";

/**
 * Times of the oldest unpainted frame. Only a visible page that has painted once is measured; a loading or hidden page
 * would add waits that nobody sees.
 */
export const paintLatency = (now: () => number, record: (times: FrameTimes) => void) => {
  let waiting: Omit<FrameTimes, "drawing" | "painted"> | null = null;
  let shown = false;
  return {
    /** The first painting is done: from here on frames count. */
    shown(): void {
      shown = true;
    },
    arrived({ ltp, stamps }: Pick<BarsFrame, "ltp" | "stamps">, inView: boolean): void {
      if (ltp === null || !shown || !inView) return;
      waiting ??= { stamped: ltp.time, received: stamps.received, emitted: stamps.emitted, arrived: now() };
    },
    painted(drawing: number): void {
      if (waiting === null) return;
      record({ ...waiting, drawing, painted: now() });
      waiting = null;
    },
    /** The page was hidden or shown again; what waited was not seen. */
    forget(): void {
      waiting = null;
    },
  };
};
