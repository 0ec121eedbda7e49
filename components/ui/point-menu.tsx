/**
 * `<PointMenu label="Chart" items={rows} onOpen={…}><div/></PointMenu>`: a menu at the point of a right click or, by
 * Shift F10 and the menu key, of the focused part. A finger opens none: a long press is the part's own. Rows as in
 * `menu.tsx`; `onOpen` hears the point first.
 */
import { ContextMenu as Parts } from "radix-ui";
import { type ReactNode, useRef, useState } from "react";
import { cx } from "./class-names";
import { type MenuRow, panel, Row } from "./menu";

export interface PointMenuProps {
  label: string;
  items: readonly MenuRow[];
  /** px; at least 168. */
  width?: number;
  /** Page coordinates, CSS px. */
  onOpen: (at: { x: number; y: number }) => void;
  /** Where it opens when a key asks for it, page coordinates; null: at the focused part. */
  keyPoint?: () => { x: number; y: number } | null;
  children: ReactNode;
}

export function PointMenu({ label, items, width = 232, onOpen, keyPoint, children }: PointMenuProps) {
  const [open, setOpen] = useState(false);
  const asker = useRef("");
  return (
    <Parts.Root modal={false} open={open} onOpenChange={(next) => setOpen(next && asker.current !== "touch")}>
      <Parts.Trigger
        asChild
        onContextMenu={(event) => {
          const point = asker.current === "key" ? (keyPoint?.() ?? null) : null;
          if (point === null) return onOpen({ x: event.clientX, y: event.clientY });
          // The menu stands where its event was: the same wish again, at the point that is meant.
          event.preventDefault();
          asker.current = "";
          event.target.dispatchEvent(
            new MouseEvent("contextmenu", {
              bubbles: true,
              cancelable: true,
              button: 2,
              clientX: point.x,
              clientY: point.y,
            }),
          );
        }}
        onKeyDown={() => {
          asker.current = "key";
        }}
        onPointerDown={(event) => {
          asker.current = event.pointerType;
          // A pen's long press begins here, and opens without a further word.
          if (event.pointerType === "pen") onOpen({ x: event.clientX, y: event.clientY });
        }}
      >
        {children}
      </Parts.Trigger>
      <Parts.Portal>
        <Parts.Content
          aria-label={label}
          collisionPadding={8}
          data-surface="elevated"
          style={{ minWidth: width }}
          className={cx(panel, "max-h-(--radix-context-menu-content-available-height)")}
        >
          {items.map((item, index) => (
            <Row key={index} item={item} parts={Parts} />
          ))}
        </Parts.Content>
      </Parts.Portal>
    </Parts.Root>
  );
}
