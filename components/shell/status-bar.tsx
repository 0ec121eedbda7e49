import { ClockItem } from "./status-clock";
import { FeedItem } from "./status-feed";
import { JobItem } from "./status-job";
import { LatencyItem } from "./status-latency";
import { MarketItem } from "./status-market";
import { RateItem } from "./status-rate";

/** Always in view: is it live, is the market open, how much comes in, how fast it is drawn, what time it is. */
export function StatusBar() {
  return (
    <footer
      aria-label="Status"
      className="col-span-2 flex h-(--status-h) min-w-0 items-stretch overflow-hidden border-t border-line bg-sunken pl-1 text-11 text-muted max-md:hidden"
    >
      <FeedItem />
      <MarketItem />
      <RateItem />
      <span className="flex-1" />
      <JobItem />
      <LatencyItem />
      <ClockItem />
    </footer>
  );
}
