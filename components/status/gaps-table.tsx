import { useEffect, useState } from "react";
import { fetchOpenGaps } from "@/components/client/api";
import { countText } from "@/components/format/numbers";
import { untilText } from "@/components/format/times";
import { StateMark } from "@/components/ui/pill";
import type { RestGap } from "@/server/contract/answers";
import { causeText, concernedText, remainText, stateWords } from "./gap-words";

const EVERY_MS = 5_000;
const SHOWN = 50;

type Found = { gaps: RestGap[]; open: number } | { error: string };

/** Gaps of the ledger that are not closed, while the page is open. */
const useOpenGaps = (): Found | null => {
  const [found, setFound] = useState<Found | null>(null);
  useEffect(() => {
    const leaving = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const ask = (): void => {
      fetchOpenGaps(SHOWN, { signal: leaving.signal })
        .then(setFound, (cause: Error) => {
          if (!leaving.signal.aborted) setFound({ error: cause.message });
        })
        .finally(() => {
          if (!leaving.signal.aborted) timer = setTimeout(ask, EVERY_MS);
        });
    };
    ask();
    return () => {
      leaving.abort();
      clearTimeout(timer);
    };
  }, []);
  return found;
};

/** Gaps with time, cause and remaining minutes. `now`: epoch ms of the server. */
export function GapsTable({ now }: { now: number }) {
  const found = useOpenGaps();
  return (
    <section aria-label="Open gaps" data-testid="open-gaps" className="border-b border-line pt-2 pb-3">
      <h2 className="flex h-9 items-center px-4 text-13 font-semibold">
        Open gaps
        {found !== null && !("error" in found) && found.open > 0 && (
          <span className="ml-2 text-12 font-normal text-muted">
            {countText(found.open)}
            {found.open > found.gaps.length ? `, showing the newest ${countText(found.gaps.length)}` : ""}
          </span>
        )}
      </h2>
      {found === null ? (
        <p className="px-4 py-1 text-12 text-muted">Loading gaps…</p>
      ) : "error" in found ? (
        <p className="px-4 py-1 text-12 text-danger">The gaps could not be loaded: {found.error}</p>
      ) : found.gaps.length === 0 ? (
        <Whole />
      ) : (
        <div className="overflow-x-auto">
          <table className="w-full min-w-140 text-12">
            <thead>
              <tr className="text-left text-faint">
                <th scope="col" className="py-1 pl-4 font-normal">
                  Cause
                </th>
                <th scope="col" className="py-1 font-normal">
                  Affected data
                </th>
                <th scope="col" className="py-1 font-normal">
                  From
                </th>
                <th scope="col" className="py-1 font-normal">
                  To
                </th>
                <th scope="col" className="py-1 pr-4 text-right font-normal">
                  Minutes missing
                </th>
                <th scope="col" className="py-1 pr-4 font-normal">
                  State
                </th>
              </tr>
            </thead>
            <tbody>
              {found.gaps.map((gap) => (
                <GapRow key={gap.id} gap={gap} now={now} />
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}

function GapRow({ gap, now }: { gap: RestGap; now: number }) {
  return (
    <tr className="border-t border-line-subtle hover:bg-hover" title={gap.note}>
      <th scope="row" className="py-1 pl-4 text-left font-medium whitespace-nowrap">
        {causeText(gap)}
      </th>
      <td className="py-1 pr-3 text-text-2">{concernedText(gap)}</td>
      <td className="py-1 pr-3 whitespace-nowrap">{untilText(gap.from, now)}</td>
      <td className="py-1 pr-3 whitespace-nowrap">{gap.to === null ? "ongoing" : untilText(gap.to, now)}</td>
      <td
        className="py-1 pr-4 text-right whitespace-nowrap"
        title={gap.remainingIn === null ? undefined : gap.remainingIn.join(", ")}
      >
        {remainText(gap)}
      </td>
      <td className="py-1 pr-4 whitespace-nowrap">
        <span className="inline-flex items-center gap-1.5">
          <StateMark state={gap.state === "healing" ? "HEALING" : "SLOW"} size={8} />
          {stateWords[gap.state]}
        </span>
      </td>
    </tr>
  );
}

/** Nothing is missing: say what that rests on. */
function Whole() {
  return (
    <p className="flex items-center gap-2 px-4 py-1 text-12 text-muted">
      <StateMark state="LIVE" size={8} />
      <span>
        <span className="font-medium text-text">No open gaps.</span> Every missed minute has been filled, had no trades,
        or was ignored with a note.
      </span>
    </p>
  );
}
