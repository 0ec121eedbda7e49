/**
 * `<Icon of={Search} size={16} />`: a lucide icon with the house line of 1.4 px at every size (1.5 px in the rail).
 * Decoration only: the control around it carries the name.
 */
import type { LucideIcon } from "lucide-react";

export interface IconProps {
  of: LucideIcon;
  /** 18 in the rail, 16 in bars, 14 in buttons. */
  size?: number;
  /** Line in px. */
  line?: number;
  className?: string;
}

export function Icon({ of: Drawing, size = 16, line = 1.4, className }: IconProps) {
  return <Drawing size={size} strokeWidth={(line * 24) / size} aria-hidden focusable={false} className={className} />;
}
