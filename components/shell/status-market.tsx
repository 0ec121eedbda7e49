import { Clock3 } from "lucide-react";
import { usePathname } from "next/navigation";
import { useFeed } from "@/components/client/feed";
import { useNow } from "@/components/client/now";
import { sessionText } from "@/components/format/session";
import { dateText, timeText } from "@/components/format/times";
import { Icon } from "@/components/ui/icon";
import { Popover } from "@/components/ui/popover";
import { statusItem } from "./status-item";

/** The exchange of the visible chart, or the first in use: open or closed, until when, and the time left. */
export function MarketItem() {
  const markets = useFeed()?.markets ?? [];
  const now = useNow(1_000);
  const exchange = decodeURIComponent(usePathname().split("/")[2] ?? "");
  const market = markets.find((candidate) => candidate.exchange === exchange) ?? markets[0];
  if (market === undefined || now === null) return null;
  const text = sessionText(market.session, now);
  return (
    <Popover
      label="Sessions"
      width={320}
      side="top"
      trigger={
        <button type="button" data-testid="market-pill" className={`${statusItem} border-r`}>
          <Icon of={Clock3} size={13} />
          <span className="font-semibold text-text-2">
            {market.exchange} {text.state}
          </span>
          <span>{[text.detail, text.left].filter(Boolean).join(" · ")}</span>
        </button>
      }
    >
      <h2 className="mb-2 text-13 font-semibold">Sessions</h2>
      <table className="w-full">
        <tbody>
          {markets.map(({ exchange: name, session }) => {
            const row = sessionText(session, now);
            return (
              <tr key={name} className="border-t border-line">
                <th scope="row" className="py-1 pr-2 text-left font-medium">
                  {name}
                </th>
                <td className="py-1 pr-2 text-muted">
                  {row.state}
                  {row.left !== "" && ` · ${row.left}`}
                </td>
                <td className="py-1 text-right text-muted">
                  {dateText(session.open)} {timeText(session.open)}–{timeText(session.close)}
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </Popover>
  );
}
