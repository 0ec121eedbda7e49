import { compactText, countText, millisecondsText, numberText } from "@/components/format/numbers";
import { clockText, waitText } from "@/components/format/times";
import type { StatusSnapshot } from "@/server/contract/live";
import { counted } from "@/server/domain/basics/counted";
import { wordsOfReject } from "./reject-words";

const words = (name: string): string =>
  name
    .replaceAll("_", " ")
    .replace(/([a-z])([A-Z])/g, "$1 $2")
    .toLowerCase();

function Table({
  title,
  head,
  rows,
  none,
}: {
  title: string;
  head: string;
  rows: readonly (readonly [string, string, string?])[];
  none: string;
}) {
  return (
    <section aria-label={title} className="min-w-0 flex-1 border-line py-3 max-lg:border-b lg:not-last:border-r">
      <h2 className="px-4 text-13 font-semibold">
        {title} <span className="ml-1 text-12 font-normal text-muted">{head}</span>
      </h2>
      {rows.length === 0 ? (
        <p className="px-4 pt-1.5 text-12 text-muted">{none}</p>
      ) : (
        <table className="mt-1 w-full text-12">
          <tbody>
            {rows.map(([name, value, full]) => (
              <tr key={name} className="hover:bg-hover">
                <th scope="row" className="py-0.5 pl-4 text-left font-normal text-muted">
                  {name}
                </th>
                <td className="py-0.5 pr-4 text-right" title={full}>
                  {value}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}

const LISTED = 6;

/** What of the brokers' instrument lists is not in use, and why. */
const listRows = ({ lists, unusable, feeds }: StatusSnapshot): [string, string, string?][] => [
  ...lists.flatMap(({ collector, readAt, rows, leftOut, problem }): [string, string, string?][] => [
    [collector, readAt === null ? "from an earlier run" : `${counted(rows, "instrument")}, ${clockText(readAt)}`],
    ...(problem === null ? [] : [["latest list rejected", problem, problem] as [string, string, string]]),
    ...leftOut
      .slice(0, LISTED)
      .map(({ reason, count, examples }): [string, string, string] => [
        `skipped: ${reason}`,
        countText(count),
        examples.join("\n"),
      ]),
  ]),
  ...feeds.flatMap(({ missing }) =>
    missing.names.slice(0, LISTED).map((key): [string, string] => [key, "subscribed, not in the broker's list"]),
  ),
  ...unusable
    .slice(0, LISTED)
    .map(({ reason, count, examples }): [string, string, string] => [
      `stored, unreadable: ${reason}`,
      countText(count),
      examples.join("\n"),
    ]),
];

/** Rejected and flagged rows, counters, and the system. */
export function Facts({ snapshot }: { snapshot: StatusSnapshot }) {
  const counts = (record: Record<string, number>, named = words) =>
    Object.entries(record)
      .filter(([, count]) => count > 0)
      .sort(([, a], [, b]) => b - a)
      .map(([name, count]) => [named(name), compactText(count), countText(count)] as const);
  const { store, bus, sockets, process, latency } = snapshot;
  return (
    <div className="flex border-b border-line max-lg:flex-col">
      <Table
        title="Rejected or flagged"
        head="rows since start"
        rows={counts(snapshot.rejects, wordsOfReject)}
        none="No rows were rejected or flagged."
      />
      <Table
        title="Instrument lists"
        head="from brokers"
        rows={listRows(snapshot)}
        none="No broker's list is in use."
      />
      <Table title="Counters" head="since start" rows={counts(snapshot.counters)} none="Nothing yet." />
      <Table
        title="System"
        head=""
        none=""
        rows={[
          ["version", snapshot.version],
          ["Node", snapshot.node],
          ["uptime", waitText(process.uptimeS * 1_000)],
          ["memory", `${countText(Math.round(process.rssMb))} MB, heap ${countText(Math.round(process.heapMb))} MB`],
          ["store", store.version === "" ? store.kind : store.version],
          ["store ping", `${millisecondsText(store.pingMs)} ms`],
          ["commit p95", latency.commit.count === 0 ? "–" : `${millisecondsText(latency.commit.p95)} ms`],
          ["bus", bus.kind],
          ["browsers", `${countText(sockets.clients)}, ${numberText(sockets.framesPerSecond, 0)} frames/s`],
          ["instruments", countText(snapshot.instruments)],
        ]}
      />
    </div>
  );
}
