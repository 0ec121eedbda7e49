import { useEffect, useState } from "react";
import type { AnyTimeframeName } from "@/server/domain/time/timeframe";
import { readTimeframe, timeframeTitle } from "./timeframe-entry";

/** Opens when a digit or a comma is typed on the chart: `75` Enter. It shows what it understood, or why it did not. */
export function TimeframeBox({
  first,
  dayMs,
  onChoose,
  onClose,
}: {
  first: string;
  /** Length of the instrument's ordinary trading day; null while it is not known. */
  dayMs: number | null;
  onChoose: (timeframe: AnyTimeframeName) => void;
  onClose: () => void;
}) {
  const [typed, setTyped] = useState(first);
  const [refused, setRefused] = useState(false);
  // The box goes with the focus in it: it is handed back, or the next key would go nowhere.
  const [before] = useState(() => document.activeElement);
  useEffect(
    () => () => {
      if (
        before instanceof HTMLElement &&
        before.isConnected &&
        (document.activeElement === null || document.activeElement === document.body)
      )
        before.focus({ preventScroll: true });
    },
    [before],
  );
  const entry = readTimeframe(typed, dayMs);
  return (
    <form
      data-surface="elevated"
      className="absolute top-14 left-1/2 z-(--z-popover) w-72 max-w-[calc(100%-16px)] -translate-x-1/2 rounded-md bg-elevated p-3 shadow-popover"
      onSubmit={(event) => {
        event.preventDefault();
        if (entry.kind === "timeframe") onChoose(entry.timeframe.name);
        else setRefused(true);
      }}
    >
      <label className="block text-11 text-muted" htmlFor="tf-box">
        Timeframe
      </label>
      <input
        id="tf-box"
        data-testid="tf-box"
        value={typed}
        autoFocus
        autoComplete="off"
        spellCheck={false}
        aria-invalid={refused && entry.kind === "refused"}
        aria-describedby="tf-box-says"
        onChange={(event) => {
          setTyped(event.target.value);
          setRefused(false);
        }}
        onKeyDown={(event) => {
          if (event.key === "Escape") {
            event.preventDefault();
            event.stopPropagation();
            onClose();
          }
        }}
        onBlur={onClose}
        className={`mt-1 h-9 w-full rounded-sm border bg-bg px-2.5 text-20 font-semibold focus-visible:outline-offset-0 ${refused && entry.kind === "refused" ? "border-danger" : "border-line-strong"}`}
      />
      <p
        id="tf-box-says"
        role={refused ? "alert" : undefined}
        className={`mt-1.5 min-h-4 text-12 ${refused && entry.kind === "refused" ? "text-danger" : "text-muted"}`}
      >
        {entry.kind === "timeframe" ? timeframeTitle(entry.timeframe.name) : entry.reason}
      </p>
    </form>
  );
}
