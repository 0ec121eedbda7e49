import { Command as Cmd } from "cmdk";
import { ChevronRight } from "lucide-react";
import { percentText, rupeesText } from "@/components/format/numbers";
import { cx } from "@/components/ui/class-names";
import { Icon } from "@/components/ui/icon";
import { Kbd } from "@/components/ui/kbd";
import type { InstrumentHit } from "@/server/contract/answers";
import { highlight } from "./matching";
import type { Command } from "./palette-store";

const row =
  "relative data-[selected=true]:bg-active data-[selected=true]:before:absolute data-[selected=true]:before:inset-y-0 data-[selected=true]:before:left-0 data-[selected=true]:before:w-0.5 data-[selected=true]:before:bg-accent data-[selected=true]:before:content-['']";

const segments: Record<string, string> = {
  equity: "EQ",
  index: "IDX",
  futures: "FUT",
  options: "OPT",
  currency: "CUR",
  commodity: "COM",
};

function Marked({ text, typed }: { text: string; typed: string }) {
  return highlight(text, typed).map((piece, index) =>
    piece.hit ? (
      <mark key={index} className="bg-transparent font-semibold text-accent">
        {piece.text}
      </mark>
    ) : (
      piece.text
    ),
  );
}

/** Value of a row in the list, which identifies the selection. */
export const hitValue = (hit: InstrumentHit): string => `instrument ${hit.key}`;
export const commandValue = (command: Command): string => `command ${command.id}`;

export function HitRow({ hit, typed, onSelect }: { hit: InstrumentHit; typed: string; onSelect: () => void }) {
  const change = hit.changePercent;
  return (
    <Cmd.Item
      value={hitValue(hit)}
      onSelect={onSelect}
      data-testid={`hit-${hit.key}`}
      className={cx(
        row,
        "grid h-9 grid-cols-[20px_minmax(0,1.15fr)_minmax(0,1fr)_36px_36px_84px_64px] items-center gap-x-1 px-4 text-13 max-md:h-12 max-md:grid-cols-[16px_minmax(0,1fr)_36px_84px]",
      )}
    >
      <span>{hit.live && <span role="img" aria-label="live" className="block size-[5px] rounded-full bg-ok" />}</span>
      <span className="truncate font-medium">
        <Marked text={hit.symbol} typed={typed} />
      </span>
      <span className="truncate text-12 text-muted max-md:hidden">
        {hit.expiry === null ? <Marked text={hit.name} typed={typed} /> : `${hit.name} · lot ${hit.lotSize}`}
      </span>
      <span className="text-12 text-muted">{hit.exchange}</span>
      <span className="text-12 text-muted max-md:hidden">{segments[hit.segment] ?? hit.segment}</span>
      <span className="text-right text-12 font-medium">{hit.lastPrice === null ? "" : rupeesText(hit.lastPrice)}</span>
      <span
        className={cx(
          "text-right text-12 max-md:hidden",
          change === null || change === 0 ? "text-muted" : change > 0 ? "text-up" : "text-down",
        )}
      >
        {change === null ? "" : percentText(change)}
      </span>
    </Cmd.Item>
  );
}

export function CommandRow({ command, typed, onSelect }: { command: Command; typed: string; onSelect: () => void }) {
  return (
    <Cmd.Item
      value={commandValue(command)}
      onSelect={onSelect}
      className={cx(row, "flex h-8 items-center gap-2 px-4 text-13 max-md:h-11")}
    >
      <span className="flex w-4 shrink-0 justify-center text-muted">
        <Icon of={command.icon ?? ChevronRight} />
      </span>
      <span className="truncate">
        <Marked text={command.title} typed={typed} />
      </span>
      {command.shortcut !== undefined && (
        <span className="ml-auto">
          <Kbd plain>{command.shortcut}</Kbd>
        </span>
      )}
    </Cmd.Item>
  );
}
