/** `<Kbd>Ctrl K</Kbd>`: a key as printed on it. `plain` leaves the edge out, for menus. */
import type { ReactNode } from "react";
import { cx } from "./class-names";

export function Kbd({ children, plain = false }: { children: ReactNode; plain?: boolean }) {
  return (
    <kbd
      className={cx(
        "font-sans text-11 font-medium whitespace-nowrap text-muted",
        !plain &&
          "inline-flex h-[18px] min-w-[18px] items-center justify-center rounded-sm border border-line-strong px-1",
      )}
    >
      {children}
    </kbd>
  );
}
