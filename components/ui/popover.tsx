/**
 * `<Popover trigger={<button/>} label="Feed" width={320}>…</Popover>`: evidence beside what it explains. Esc and outside clicks close it.
 *   open, onOpenChange  to steer it from outside
 *   bare                no padding: lists bring their own
 */
import { Popover as Parts } from "radix-ui";
import type { ReactNode } from "react";
import { cx } from "./class-names";

export interface PopoverProps {
  trigger: ReactNode;
  label: string;
  width?: number;
  side?: "top" | "right" | "bottom" | "left";
  align?: "start" | "center" | "end";
  open?: boolean;
  onOpenChange?: (open: boolean) => void;
  bare?: boolean;
  children: ReactNode;
}

export function Popover({
  trigger,
  label,
  width = 280,
  side = "bottom",
  align = "start",
  open,
  onOpenChange,
  bare = false,
  children,
}: PopoverProps) {
  return (
    <Parts.Root {...(open === undefined ? {} : { open })} {...(onOpenChange === undefined ? {} : { onOpenChange })}>
      <Parts.Trigger asChild>{trigger}</Parts.Trigger>
      <Parts.Portal>
        <Parts.Content
          aria-label={label}
          side={side}
          align={align}
          sideOffset={6}
          collisionPadding={8}
          data-surface="elevated"
          style={{ width }}
          className={cx(
            "appear z-(--z-popover) max-h-(--radix-popover-content-available-height) max-w-[calc(100vw-16px)] overflow-y-auto rounded-md bg-elevated text-12 text-text shadow-popover",
            !bare && "p-3",
          )}
        >
          {children}
        </Parts.Content>
      </Parts.Portal>
    </Parts.Root>
  );
}
