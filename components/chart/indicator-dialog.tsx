import { Eye, EyeOff, Plus, Search, Settings, X } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { Button } from "@/components/ui/button";
import { Dialog } from "@/components/ui/dialog";
import { Icon } from "@/components/ui/icon";
import { IconButton } from "@/components/ui/icon-button";
import { Late, Skeleton } from "@/components/ui/skeleton";
import type { ChosenIndicator } from "./chosen-indicators";
import type { IndicatorEntry } from "@/server/contract/answers";
import { indicatorLabel } from "./indicator-label";
import type { Catalogue } from "./use-catalogue";
import type { IndicatorActions } from "./legend";

const groupTitles: Record<string, string> = {
  trend: "Trend",
  momentum: "Momentum",
  volatility: "Volatility",
  volume: "Volume",
  levels: "Levels",
};

const PAGE = 8;

/** What was found, group after group, in the order of the list. */
const grouped = (entries: readonly IndicatorEntry[]): readonly IndicatorEntry[] => {
  const groups = [...new Set(entries.map(({ group }) => group))];
  return groups.flatMap((group) => entries.filter((entry) => entry.group === group));
};

/** Adds, hides and removes indicators; stays open, so that several go in at once. */
export function IndicatorDialog({
  open,
  onOpenChange,
  catalogue,
  chosen,
  onAdd,
  actions,
}: {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  catalogue: Catalogue;
  chosen: readonly ChosenIndicator[];
  onAdd: (entry: IndicatorEntry) => void;
  actions: IndicatorActions;
}) {
  const [query, setQuery] = useState("");
  const [active, setActive] = useState(0);
  const list = useRef<HTMLUListElement>(null);
  useEffect(() => {
    if (open) {
      setQuery("");
      setActive(0);
    }
  }, [open]);
  const words = query.trim().toLowerCase();
  const found = grouped(
    (catalogue.entries ?? []).filter(
      ({ id, title, group }) => words === "" || `${id} ${title} ${group}`.toLowerCase().includes(words),
    ),
  );
  const current = Math.min(active, found.length - 1);
  const move = (to: number): void => {
    setActive(to);
    const entry = found[to];
    // The heading of a group comes with its first row.
    if (entry !== undefined) document.getElementById(`indicator-${entry.id}`)?.scrollIntoView({ block: "nearest" });
  };
  return (
    <Dialog
      open={open}
      onOpenChange={onOpenChange}
      title="Indicators"
      description="Add indicators to the chart"
      width={720}
    >
      <div className="sticky top-0 z-(--z-overlay) mt-0.5 flex h-9 items-center max-md:h-11 gap-2 rounded-sm border border-line-strong bg-bg px-2.5 focus-within:border-focus focus-within:ring-1 focus-within:ring-focus">
        <Icon of={Search} className="text-muted" />
        <input
          role="combobox"
          aria-expanded
          aria-controls="indicator-list"
          aria-activedescendant={found[current] === undefined ? undefined : `indicator-${found[current].id}`}
          aria-label="Search indicators"
          value={query}
          placeholder="EMA, RSI, momentum …"
          data-autofocus
          autoComplete="off"
          spellCheck={false}
          className="h-full flex-1 bg-transparent text-13 outline-none focus-visible:outline-none"
          onChange={(event) => {
            setQuery(event.target.value);
            setActive(0);
          }}
          onKeyDown={(event) => {
            const by = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
            if (by !== 0) {
              event.preventDefault();
              move(Math.min(found.length - 1, Math.max(0, current + by)));
            } else if (event.key === "PageDown" || event.key === "PageUp") {
              event.preventDefault();
              move(Math.min(found.length - 1, Math.max(0, current + (event.key === "PageDown" ? PAGE : -PAGE))));
            } else if (event.key === "Enter" && found[current] !== undefined) onAdd(found[current]);
          }}
        />
      </div>
      <div className="mt-3 grid grid-cols-[minmax(0,1fr)_232px] gap-5 max-md:grid-cols-1 short:grid-cols-[minmax(0,1fr)_232px] md:h-[min(440px,calc(100dvh-2*var(--dialog-top)-130px))]">
        <div className="md:flex md:min-h-0 md:flex-col">
          {catalogue.error !== null && (
            <p role="alert" className="py-2 text-13 text-danger">
              The list of indicators could not be loaded. {catalogue.error}{" "}
              <Button size="sm" className="ml-1" onClick={catalogue.retry}>
                Retry
              </Button>
            </p>
          )}
          {catalogue.entries === null && catalogue.error === null && (
            <Late>
              <div className="flex flex-col gap-3 py-3">
                {[160, 200, 180].map((width) => (
                  <span key={width} style={{ width }}>
                    <Skeleton className="h-2.5" />
                  </span>
                ))}
              </div>
            </Late>
          )}
          {catalogue.entries !== null && found.length === 0 && (
            <p className="py-2 text-13 text-muted">No indicator matches “{query.trim()}”.</p>
          )}
          <ul
            ref={list}
            id="indicator-list"
            role="listbox"
            aria-label="Indicators"
            className="md:min-h-0 md:flex-1 md:scroll-py-7 md:overflow-y-auto"
          >
            {found.map((entry, at) => [
              entry.group !== found[at - 1]?.group && (
                <li
                  key={`group ${entry.group}`}
                  role="presentation"
                  className="flex h-7 items-end px-2.5 pb-1 text-11 text-muted"
                >
                  {groupTitles[entry.group] ?? entry.group}
                </li>
              ),
              <li
                key={entry.id}
                id={`indicator-${entry.id}`}
                role="option"
                aria-selected={at === current}
                onPointerMove={() => setActive(at)}
                onClick={() => onAdd(entry)}
                className={`flex min-h-9 scroll-mt-12 items-center gap-3 rounded-sm px-2.5 py-1 text-13 leading-[18px] max-md:min-h-11 ${at === current ? "bg-active" : ""}`}
              >
                <span className="w-25 shrink-0 font-semibold wrap-anywhere">{entry.id}</span>
                <span className="min-w-0 flex-1 text-muted">{entry.title}</span>
                <Icon of={Plus} className={`shrink-0 ${at === current ? "text-accent" : "text-faint"}`} />
              </li>,
            ])}
          </ul>
        </div>
        <section
          aria-label="On this chart"
          className="border-line max-md:-order-1 max-md:border-b max-md:pb-2 short:order-none short:border-b-0 short:border-l short:pl-5 md:min-h-0 md:overflow-y-auto md:border-l md:pl-5"
        >
          <h3 className="mb-1 text-12 text-muted">On this chart</h3>
          {chosen.length === 0 && (
            <p className="py-1 text-13 text-muted">None yet. Press Enter to add the selected one.</p>
          )}
          <ul>
            {chosen.map((indicator, at) => {
              const label = indicatorLabel(
                indicator,
                catalogue.entries?.find(({ id }) => id === indicator.id),
              );
              return (
                <li
                  key={`${label} ${at}`}
                  className="flex min-h-8 items-center gap-2 text-13 leading-[18px] max-md:min-h-11"
                >
                  <span
                    aria-hidden
                    className="h-0.5 w-2.5 rounded-xs"
                    style={{ background: `var(--c-series-${indicator.colour + 1})` }}
                  />
                  <span className={`min-w-0 flex-1 wrap-anywhere ${indicator.hidden ? "text-muted" : ""}`}>
                    {label}
                  </span>
                  <IconButton
                    icon={indicator.hidden ? EyeOff : Eye}
                    label={`${indicator.hidden ? "Show" : "Hide"} ${label}`}
                    size={24}
                    iconSize={14}
                    onClick={() => actions.hide(at)}
                  />
                  <IconButton
                    icon={Settings}
                    label={`Settings of ${label}`}
                    size={24}
                    iconSize={14}
                    onClick={() => actions.settings(at)}
                  />
                  <IconButton
                    icon={X}
                    label={`Remove ${label}`}
                    size={24}
                    iconSize={14}
                    onClick={() => actions.remove(at)}
                  />
                </li>
              );
            })}
          </ul>
        </section>
      </div>
    </Dialog>
  );
}
