/**
 * `<Dialog open={open} onOpenChange={setOpen} title="RSI settings" footer={<Button kind="primary">Apply</Button>}>…</Dialog>`
 *   width        440 unless told; a phone gets the whole width as a sheet from below
 *   the field marked with `data-autofocus` gets the focus
 *   description  read to screen readers; shown when `showDescription`
 */
import { X } from "lucide-react";
import { Dialog as Parts } from "radix-ui";
import type { ReactNode } from "react";
import { useFocusBack } from "./focus-back";
import { Icon } from "./icon";

export interface DialogProps {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  title: string;
  description?: string;
  width?: number;
  footer?: ReactNode;
  children: ReactNode;
}

export function Dialog({ open, onOpenChange, title, description, width = 440, footer, children }: DialogProps) {
  const focus = useFocusBack();
  return (
    <Parts.Root open={open} onOpenChange={onOpenChange}>
      <Parts.Portal>
        <Parts.Overlay className="fixed inset-0 z-(--z-scrim) bg-scrim" />
        <Parts.Content
          onOpenAutoFocus={focus.opened}
          onCloseAutoFocus={focus.giveBack}
          data-surface="elevated"
          style={{ width }}
          {...(description === undefined ? { "aria-describedby": undefined } : {})}
          className="appear fixed z-(--z-dialog) flex max-h-[calc(100dvh-2*var(--dialog-top))] flex-col [--dialog-top:clamp(12px,10dvh,96px)] bg-elevated text-text shadow-dialog max-md:inset-x-0 max-md:bottom-0 max-md:w-full! max-md:max-h-[calc(100dvh-12px-env(safe-area-inset-top))] max-md:rounded-t-lg md:top-(--dialog-top) md:left-1/2 md:max-w-[calc(100vw-32px)] md:-translate-x-1/2 md:rounded-lg"
        >
          <div className="flex h-12 shrink-0 items-center justify-between pr-3 pl-5">
            <Parts.Title className="text-14 font-semibold">{title}</Parts.Title>
            <Parts.Close
              aria-label="Close"
              className="inline-flex size-7 items-center justify-center rounded-sm text-muted hover:bg-active hover:text-text max-md:size-11"
            >
              <Icon of={X} />
            </Parts.Close>
          </div>
          {description !== undefined && <Parts.Description className="sr-only">{description}</Parts.Description>}
          <div className="min-h-0 overflow-y-auto px-5 pb-5 max-md:pb-[max(env(safe-area-inset-bottom),20px)]">
            {children}
          </div>
          {footer !== undefined && (
            <div className="flex h-13 shrink-0 items-center justify-end gap-2 border-t border-line px-5">{footer}</div>
          )}
        </Parts.Content>
      </Parts.Portal>
    </Parts.Root>
  );
}
