import { useEffect, useState } from "react";
import { feed, useFeed } from "@/components/client/feed";
import { countText } from "@/components/format/numbers";
import { Popover } from "@/components/ui/popover";
import { statusItem } from "./status-item";

const KEPT = 30;
const HEIGHT = 12;

/** Ticks per second of the last half minute. */
const useRates = (): readonly number[] => {
  const [rates, setRates] = useState<readonly number[]>([]);
  useEffect(() => {
    let last = 0;
    return feed().subscribe(() => {
      const frame = feed().get();
      if (frame === null || frame.serverTime - last < 900) return;
      last = frame.serverTime;
      setRates((before) => [...before, frame.ticksPerSecond].slice(-KEPT));
    });
  }, []);
  return rates;
};

/** Tick rate, with its last half minute. */
export function RateItem() {
  const frame = useFeed();
  const rates = useRates();
  if (frame === null) return null;
  const most = Math.max(1, ...rates);
  return (
    <Popover
      label="Ticks per second"
      width={220}
      side="top"
      trigger={
        <button type="button" className={`${statusItem} max-lg:hidden`}>
          <span className="font-semibold text-text">{countText(Math.round(frame.ticksPerSecond))}</span> ticks/s
          <svg width={KEPT * 2 - 1} height={HEIGHT} aria-hidden className="text-control">
            {rates.map((rate, index) => {
              const height = Math.max(1, (rate / most) * HEIGHT);
              return (
                <rect
                  key={index}
                  x={(KEPT - rates.length + index) * 2}
                  y={HEIGHT - height}
                  width={1.4}
                  height={height}
                  fill="currentColor"
                />
              );
            })}
          </svg>
        </button>
      }
    >
      <h2 className="mb-2 text-13 font-semibold">Ticks per second</h2>
      <dl className="grid grid-cols-[1fr_auto] gap-y-0.5">
        {frame.feeds.map((row) => [
          <dt key={row.collector} className="text-muted">
            {row.collector}
          </dt>,
          <dd key={`${row.collector} rate`}>{countText(Math.round(row.ticksPerSecond))}</dd>,
        ])}
        <dt className="text-muted">peak in {rates.length} s</dt>
        <dd>{countText(Math.round(most))}</dd>
      </dl>
    </Popover>
  );
}
