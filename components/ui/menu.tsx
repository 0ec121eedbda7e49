/**
 * `<Menu trigger={<button/>} label="Chart type" items={[…]} />`: a menu from a list of rows.
 *   { label, icon?, shortcut?, onSelect, disabled?, danger?, detail? }   an action
 *   { kind: "check" | "choice", label, checked, onSelect }    a switch that stays open, or one of several
 *   { kind: "heading", label } and { kind: "line" }           between them
 */
import { Check, type LucideIcon } from "lucide-react";
import { DropdownMenu as Parts } from "radix-ui";
import type { ReactNode } from "react";
import { cx } from "./class-names";
import { Icon } from "./icon";
import { Kbd } from "./kbd";

interface Selectable {
  label: string;
  onSelect: () => void;
  shortcut?: string;
  detail?: string;
  disabled?: boolean;
}
export type MenuRow =
  | (Selectable & { kind?: "action"; icon?: LucideIcon; danger?: boolean })
  | (Selectable & { kind: "check"; checked: boolean })
  | (Selectable & { kind: "choice"; checked: boolean })
  | { kind: "heading"; label: string }
  | { kind: "line" };

export interface MenuProps {
  trigger: ReactNode;
  label: string;
  items: readonly MenuRow[];
  align?: "start" | "center" | "end";
  side?: "top" | "right" | "bottom" | "left";
  /** px; at least 168. */
  width?: number;
}

const row =
  "flex h-7 min-w-0 items-center gap-2 rounded-sm px-2 text-13 select-none data-disabled:text-disabled data-highlighted:bg-active data-highlighted:outline-none max-md:h-10";

function Tail({ detail, shortcut }: { detail?: string | undefined; shortcut?: string | undefined }) {
  return (
    <span className="ml-auto flex items-center gap-2 pl-4">
      {detail !== undefined && <span className="text-12 text-muted">{detail}</span>}
      {shortcut !== undefined && (
        <span className="max-md:hidden">
          <Kbd plain>{shortcut}</Kbd>
        </span>
      )}
    </span>
  );
}

/** The same rows, whether a button opens them or a point of the chart. */
type RowParts = Pick<typeof Parts, "Separator" | "Label" | "CheckboxItem" | "Item">;

export function Row({ item, parts: Parts }: { item: MenuRow; parts: RowParts }) {
  if (item.kind === "line") return <Parts.Separator className="mx-1 my-1 h-px bg-line" />;
  if (item.kind === "heading")
    return <Parts.Label className="flex h-6 items-center px-2 text-11 text-muted">{item.label}</Parts.Label>;
  if (item.kind === "check" || item.kind === "choice") {
    return (
      <Parts.CheckboxItem
        checked={item.checked}
        disabled={item.disabled ?? false}
        className={row}
        onSelect={(event) => {
          if (item.kind === "check") event.preventDefault();
          item.onSelect();
        }}
      >
        <span className="flex w-4 justify-center">
          {item.checked && <Icon of={Check} size={14} className="text-accent" />}
        </span>
        <span className="truncate">{item.label}</span>
        <Tail detail={item.detail} shortcut={item.shortcut} />
      </Parts.CheckboxItem>
    );
  }
  return (
    <Parts.Item
      disabled={item.disabled ?? false}
      onSelect={item.onSelect}
      className={cx(row, item.danger === true && "text-danger")}
    >
      {item.icon !== undefined && (
        <Icon of={item.icon} size={16} className={item.danger === true ? "" : "text-muted"} />
      )}
      <span className="truncate">{item.label}</span>
      <Tail detail={item.detail} shortcut={item.shortcut} />
    </Parts.Item>
  );
}

/** The sheet a menu lies on. */
export const panel =
  "appear z-(--z-popover) max-w-[calc(100vw-16px)] overflow-y-auto rounded-md bg-elevated p-1 text-text shadow-popover";

export function Menu({ trigger, label, items, align = "start", side = "bottom", width = 200 }: MenuProps) {
  return (
    <Parts.Root modal={false}>
      <Parts.Trigger asChild>{trigger}</Parts.Trigger>
      <Parts.Portal>
        <Parts.Content
          aria-label={label}
          side={side}
          align={align}
          sideOffset={6}
          collisionPadding={8}
          data-surface="elevated"
          style={{ minWidth: width }}
          className={cx(panel, "max-h-(--radix-dropdown-menu-content-available-height)")}
        >
          {items.map((item, index) => (
            <Row key={index} item={item} parts={Parts} />
          ))}
        </Parts.Content>
      </Parts.Portal>
    </Parts.Root>
  );
}
