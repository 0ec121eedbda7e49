import { useState } from "react";
import { clockText } from "@/components/format/times";
import { type PillState, StateMark } from "@/components/ui/pill";
import { Segmented } from "@/components/ui/segmented";
import type { StatusSnapshot } from "@/server/contract/live";

type Filter = "all" | "warn" | "error";
const marks: Record<StatusSnapshot["events"][number]["level"], PillState> = {
  info: "LIVE",
  warn: "SLOW",
  error: "ERROR",
};
const levels = { info: "info", warn: "warning", error: "error" } as const;

/** What happened, newest first. */
export function EventsTable({ events }: { events: StatusSnapshot["events"] }) {
  const [filter, setFilter] = useState<Filter>("all");
  const count = (level: Filter): number => events.filter((event) => event.level === level).length;
  const shown = events
    .filter((event) => filter === "all" || event.level === filter)
    .toSorted((a, b) => b.time - a.time);
  return (
    <section aria-label="Events" className="pt-2 pb-4">
      <div className="flex h-9 items-center justify-between px-4">
        <h2 className="text-13 font-semibold">Events</h2>
        <Segmented
          label="Filter events"
          value={filter}
          onChange={setFilter}
          size="sm"
          options={[
            { value: "all", label: "All" },
            { value: "warn", label: `Warnings ${count("warn")}` },
            { value: "error", label: `Errors ${count("error")}` },
          ]}
        />
      </div>
      {shown.length === 0 ? (
        <p className="px-4 py-2 text-12 text-muted">
          {filter === "all" ? "No events since the server started." : "None."}
        </p>
      ) : (
        <table className="w-full text-12">
          <thead className="sr-only">
            <tr>
              <th scope="col">Time</th>
              <th scope="col">Source</th>
              <th scope="col">Event</th>
            </tr>
          </thead>
          <tbody>
            {shown.map((event, index) => (
              <tr key={`${event.time} ${index}`} className="border-b border-line-subtle hover:bg-hover">
                <td className="w-20 py-1.5 pl-4 align-top whitespace-nowrap text-faint">{clockText(event.time)}</td>
                <td className="w-40 py-1.5 align-top whitespace-nowrap max-md:w-28">
                  <span className="inline-flex items-center gap-2">
                    <span role="img" aria-label={levels[event.level]}>
                      <StateMark state={marks[event.level]} size={8} />
                    </span>
                    {event.source}
                  </span>
                </td>
                <td className="py-1.5 pr-4 break-words text-text-2">{event.message}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}
