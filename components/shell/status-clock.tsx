import { useConnection } from "@/components/client/connection";
import { useNow } from "@/components/client/now";
import { numberText } from "@/components/format/numbers";
import { clockText, dateText } from "@/components/format/times";
import { Popover } from "@/components/ui/popover";
import { statusItem } from "./status-item";

/** The server's time in India. */
export function ClockItem() {
  const now = useNow(1_000);
  const { clockOffsetMs } = useConnection();
  const rows: [string, string][] = [
    ["India", `${dateText(now)} ${clockText(now)}`],
    ["UTC", `${dateText(now, "UTC")} ${clockText(now, "UTC")}`],
    ["Here", `${dateText(now, "browser")} ${clockText(now, "browser")}`],
    ["Server ahead by", `${numberText(Math.abs(clockOffsetMs) < 0.5 ? 0 : clockOffsetMs, 0)} ms`],
  ];
  return (
    <Popover
      label="Clock"
      width={260}
      side="top"
      align="end"
      trigger={
        <button type="button" className={`${statusItem} border-l`}>
          <span className="font-semibold text-text">{clockText(now)}</span> IST
        </button>
      }
    >
      <dl className="grid grid-cols-[auto_1fr] gap-y-0.5">
        {rows.map(([name, value]) => [
          <dt key={name} className="text-muted">
            {name}
          </dt>,
          <dd key={`${name} value`} className="text-right">
            {value}
          </dd>,
        ])}
      </dl>
    </Popover>
  );
}
