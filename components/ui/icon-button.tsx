/**
 * `<IconButton icon={Camera} label="Snapshot" shortcut="Alt S" pressed={open} />`: an icon with its name as tooltip and `aria-label`.
 *   size     side in px, 28 unless told (24 in rows)
 *   pressed  for toggles: sets `aria-pressed` and the selected fill
 */
import type { LucideIcon } from "lucide-react";
import type { ButtonHTMLAttributes, Ref } from "react";
import { cx } from "./class-names";
import { Icon } from "./icon";
import { Tooltip } from "./tooltip";

export interface IconButtonProps extends Omit<ButtonHTMLAttributes<HTMLButtonElement>, "aria-label"> {
  icon: LucideIcon;
  label: string;
  shortcut?: string;
  size?: number;
  iconSize?: number;
  pressed?: boolean;
  side?: "top" | "right" | "bottom" | "left";
  ref?: Ref<HTMLButtonElement>;
}

export function IconButton({
  icon,
  label,
  shortcut,
  size = 28,
  iconSize = 16,
  pressed,
  side = "bottom",
  className,
  ref,
  ...rest
}: IconButtonProps) {
  return (
    <Tooltip content={label} shortcut={shortcut} side={side}>
      <button
        ref={ref}
        type="button"
        aria-label={label}
        aria-pressed={pressed}
        {...rest}
        style={{ width: size, height: size, ...rest.style }}
        className={cx(
          "inline-flex shrink-0 items-center justify-center rounded-sm text-muted transition-colors duration-[var(--dur-hover)] hover:bg-selected hover:text-text disabled:bg-transparent disabled:text-disabled data-[state=open]:bg-selected data-[state=open]:text-text",
          pressed === true && "bg-selected text-text",
          className,
        )}
      >
        <Icon of={icon} size={iconSize} />
      </button>
    </Tooltip>
  );
}
