/**
 * `<NoticeStrip tone="warn" icon={WifiOff} action={<Button size="sm">Retry</Button>}>…</NoticeStrip>`: 32 px across the top of a panel.
 *   urgent  announced at once (connection lost); otherwise when the reader is quiet
 */
import type { LucideIcon } from "lucide-react";
import type { ReactNode } from "react";
import { cx } from "./class-names";
import { Icon } from "./icon";

export interface NoticeStripProps {
  tone: "warn" | "danger" | "accent" | "neutral";
  icon?: LucideIcon;
  action?: ReactNode;
  urgent?: boolean;
  children: ReactNode;
  className?: string;
}

const tones = { warn: "bg-warn-tint", danger: "bg-danger-tint", accent: "bg-accent-tint", neutral: "bg-neutral-tint" };
const inks = { warn: "text-warn", danger: "text-danger", accent: "text-accent", neutral: "text-muted" };

export function NoticeStrip({ tone, icon, action, urgent = false, children, className }: NoticeStripProps) {
  return (
    <div
      role={urgent ? "alert" : "status"}
      className={cx("flex min-h-8 shrink-0 items-center gap-2 px-3 py-1 text-13 text-text", tones[tone], className)}
    >
      {icon !== undefined && <Icon of={icon} size={16} className={cx("shrink-0", inks[tone])} />}
      <span className="min-w-0 flex-1">{children}</span>
      {action}
    </div>
  );
}
