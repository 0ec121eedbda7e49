/**
 * `<Late><Skeleton className="h-2 w-24" /></Late>`: blocks in the shape of what is coming, without shimmer.
 *   Late  shows its children only after `afterMs` (120): what arrives sooner never flickers
 */
import { type ReactNode, useEffect, useState } from "react";
import { cx } from "./class-names";

export const Skeleton = ({ className }: { className?: string }) => (
  <span aria-hidden className={cx("block rounded-sm bg-elevated", className)} />
);

export function Late({ afterMs = 120, children }: { afterMs?: number; children: ReactNode }) {
  const [due, setDue] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setDue(true), afterMs);
    return () => clearTimeout(timer);
  }, [afterMs]);
  return due ? children : null;
}
