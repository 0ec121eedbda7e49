import { ChevronDown } from "lucide-react";
import { useEffect, useState } from "react";
import type { WatchlistHead } from "@/components/client/api";
import { useConnection } from "@/components/client/connection";
import { feed, useFeed } from "@/components/client/feed";
import { live } from "@/components/client/live";
import { useNow } from "@/components/client/now";
import { quote } from "@/components/client/quotes";
import { sessionText } from "@/components/format/session";
import { worstFeed } from "@/components/shell/worst-feed";
import { Icon } from "@/components/ui/icon";
import { Menu, type MenuRow } from "@/components/ui/menu";
import { Pill } from "@/components/ui/pill";
import { liveText } from "./live-text";
import { rowState } from "./row-text";
import type { Watchlist } from "@/server/domain/instruments/watchlist";

const categories: readonly [Watchlist["category"], string][] = [
  ["user", "My lists"],
  ["demo", "Simulated"],
  ["index", "Indices"],
  ["sector", "Sectors"],
];

/** How much of the list is live: looked at once a second, for a text that hardly changes. */
const useLiveText = (keys: readonly string[]): string => {
  const [text, setText] = useState("");
  useEffect(() => {
    const look = (): void => {
      const rows = keys.map((key) => quote(key).get()).filter((row) => row !== null);
      const frame = feed().get();
      const now = live().now();
      setText(
        liveText(
          rows.map((row) => {
            const { closed, muteSince } = rowState(row, frame, now);
            return { live: row.live, simulated: row.simulated, closed, mute: muteSince !== null };
          }),
          keys.length,
          frame?.feeds ?? null,
        ),
      );
    };
    look();
    const timer = setInterval(look, 1_000);
    return () => clearInterval(timer);
  }, [keys]);
  return text;
};

const rowsOf = (
  heads: readonly WatchlistHead[],
  chosen: string | undefined,
  onChoose: (name: string) => void,
): MenuRow[] =>
  categories.flatMap(([category, title]) => {
    const found = heads.filter((head) => head.category === category);
    return found.length === 0
      ? []
      : [
          { kind: "heading", label: title } as const,
          ...found.map(
            (head) =>
              ({
                kind: "choice",
                label: head.title,
                checked: head.name === chosen,
                ...(head.count === 0 ? {} : { detail: String(head.count) }),
                onSelect: () => onChoose(head.name),
              }) as const,
          ),
        ];
  });

/** On a phone: the light, simulated or not, and the session. */
function PhoneState({ liveText }: { liveText: string }) {
  const frame = useFeed();
  const now = useNow(1_000);
  const worst = frame === null ? null : worstFeed(frame.feeds);
  const { status } = useConnection();
  const market = frame?.markets[0];
  const text = market === undefined || now === null ? null : sessionText(market.session, now);
  return (
    <>
      <Pill state={status === "offline" ? "OFFLINE" : (worst?.state ?? "STARTING")} />
      {frame?.simulated === true && <Pill state="SIM" />}
      {text !== null && (
        <span className="truncate">
          {liveText !== "" && `${liveText} · `}
          {market!.exchange} {text.state}
          {text.left !== "" && `, ${text.left}${text.open ? " left" : ""}`}
        </span>
      )}
    </>
  );
}

export interface ListHeadProps {
  heads: readonly WatchlistHead[];
  watchlist: Watchlist | null;
  keys: readonly string[];
  onChoose: (name: string) => void;
}

/** Name of the watchlist, which opens the menu of lists, and how much of it is live. */
export function ListHead({ heads, watchlist, keys, onChoose }: ListHeadProps) {
  const rowsText = useLiveText(keys);
  const { status } = useConnection();
  const shownText = status === "offline" ? "offline" : rowsText;
  return (
    <div className="shrink-0 border-line max-md:px-4 max-md:pt-3 max-md:pb-3 md:flex md:h-[29px] md:items-center md:gap-2 md:border-b md:px-3">
      <Menu
        label="Lists"
        width={240}
        items={rowsOf(heads, watchlist?.name, onChoose)}
        trigger={
          <button
            type="button"
            className="-ml-1.5 flex h-6 min-w-0 items-center gap-1.5 rounded-sm px-1.5 text-13 font-semibold hover:bg-selected data-[state=open]:bg-selected max-md:h-11 max-md:text-20"
          >
            <span className="truncate">{watchlist?.title ?? "Watchlist"}</span>
            <Icon of={ChevronDown} size={14} className="shrink-0 text-muted" />
          </button>
        }
      />
      <span className="text-11 whitespace-nowrap text-muted max-md:hidden" data-testid="wl-live">
        {shownText}
      </span>
      <div className="flex items-center gap-2 text-12 text-muted md:hidden">
        <PhoneState liveText={shownText.replace(" live", "")} />
      </div>
    </div>
  );
}
