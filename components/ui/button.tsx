/**
 * `<Button kind="primary" size="sm" icon={Copy}>Copy report</Button>`
 *   kind  `plain` (edge on panel), `primary` (one per view), `quiet` (no edge), `danger`
 *   size  `md` 28 px, `sm` 24 px for tables
 *   icon  lucide icon before the words
 * Everything else is a button's own attribute.
 */
import type { LucideIcon } from "lucide-react";
import type { ButtonHTMLAttributes, Ref } from "react";
import { cx } from "./class-names";
import { Icon } from "./icon";

export interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  kind?: "plain" | "primary" | "quiet" | "danger";
  size?: "md" | "sm";
  icon?: LucideIcon;
  ref?: Ref<HTMLButtonElement>;
}

const kinds = {
  plain: "border border-line-strong bg-panel text-text hover:border-control",
  primary: "bg-accent-fill text-on-accent hover:brightness-110",
  quiet: "text-text hover:bg-selected",
  danger: "border border-danger text-danger bg-transparent hover:bg-danger-tint",
};

export function Button({ kind = "plain", size = "md", icon, className, children, ref, ...rest }: ButtonProps) {
  return (
    <button
      ref={ref}
      type="button"
      {...rest}
      className={cx(
        "inline-flex shrink-0 items-center justify-center gap-1.5 rounded-sm font-medium whitespace-nowrap transition-colors duration-[var(--dur-hover)] disabled:border-line disabled:bg-panel disabled:text-disabled",
        size === "md" ? "h-7 px-2.5 text-13" : "h-6 px-2 text-12",
        kinds[kind],
        className,
      )}
    >
      {icon !== undefined && <Icon of={icon} size={14} />}
      {children}
    </button>
  );
}
