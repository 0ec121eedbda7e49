/**
 * `<Tooltip content="Undo" shortcut="Ctrl Z"><button …/></Tooltip>`: after 400 ms, 12 px text, no arrow. The child must
 * take a ref and have a name of its own: a tooltip repeats, it does not inform.
 */
import { Tooltip as Parts } from "radix-ui";
import type { ReactNode } from "react";
import { Kbd } from "./kbd";

export const TooltipProvider = ({ children }: { children: ReactNode }) => (
  <Parts.Provider delayDuration={400} skipDelayDuration={300} disableHoverableContent>
    {children}
  </Parts.Provider>
);

export interface TooltipProps {
  content: ReactNode;
  shortcut?: string | undefined;
  side?: "top" | "right" | "bottom" | "left";
  children: ReactNode;
}

export function Tooltip({ content, shortcut, side = "bottom", children }: TooltipProps) {
  return (
    <Parts.Root>
      <Parts.Trigger asChild>{children}</Parts.Trigger>
      <Parts.Portal>
        <Parts.Content
          side={side}
          sideOffset={6}
          collisionPadding={8}
          data-surface="elevated"
          className="appear z-(--z-tooltip) flex max-w-72 items-center gap-2 rounded-sm bg-elevated px-2 py-1 text-12 text-text shadow-popover select-none"
        >
          {content}
          {shortcut !== undefined && <Kbd plain>{shortcut}</Kbd>}
        </Parts.Content>
      </Parts.Portal>
    </Parts.Root>
  );
}
