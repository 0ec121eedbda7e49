import type { FrameTimes } from "@/components/client/latency";
import type { BarsFrame } from "@/server/contract/live";

/**
 * Times of the oldest frame that is not painted yet. Only a page in view that has painted once is measured: a page that
 * still loads, or lies behind others, would add waits that nobody sees.
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
    /** The page went out of view or came back: what waited was not seen. */
    forget(): void {
      waiting = null;
    },
  };
};
