/**
 * `<EmptyState icon={Columns3} title="No bars for TCS on 1s" detail="Stored: 1m since 2 Jan 2026." actions={…} />`: one sentence, one fact, ways out.
 *   tone  `danger` for a part that failed: red icon; `foot` then carries the request id
 */
import type { LucideIcon } from "lucide-react";
import type { ReactNode } from "react";
import { cx } from "./class-names";
import { Icon } from "./icon";

export interface EmptyStateProps {
  icon?: LucideIcon;
  title: string;
  detail?: ReactNode;
  actions?: ReactNode;
  foot?: ReactNode;
  tone?: "neutral" | "danger";
  className?: string;
}

export function EmptyState({ icon, title, detail, actions, foot, tone = "neutral", className }: EmptyStateProps) {
  return (
    <div
      role={tone === "danger" ? "alert" : undefined}
      className={cx("flex flex-col items-center justify-center gap-1 px-6 py-10 text-center", className)}
    >
      {icon !== undefined && (
        <Icon of={icon} size={28} line={1.6} className={cx("mb-3", tone === "danger" ? "text-danger" : "text-muted")} />
      )}
      <p className="text-14 font-semibold text-text">{title}</p>
      {detail !== undefined && <p className="max-w-80 text-13 text-muted">{detail}</p>}
      {actions !== undefined && <div className="mt-4 flex flex-wrap items-center justify-center gap-2">{actions}</div>}
      {foot !== undefined && <p className="mt-8 text-12 text-faint">{foot}</p>}
    </div>
  );
}
