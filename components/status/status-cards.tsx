import { cx } from "@/components/ui/class-names";
import { StateMark } from "@/components/ui/pill";
import type { StatusSnapshot } from "@/server/contract/live";
import { cardsOf, lightState } from "./health";

/** One figure per card; the detail has the colour of its state only. */
export function StatusCards({ snapshot }: { snapshot: StatusSnapshot }) {
  return (
    <ul
      aria-label="Parts"
      className="grid grid-cols-2 border-b border-line bg-line gap-px md:grid-cols-4 xl:grid-cols-8"
    >
      {cardsOf(snapshot).map((card) => (
        <li key={card.title} className="flex min-w-0 flex-col gap-0.5 bg-bg px-4 py-2.5">
          <p className="flex items-center justify-between text-12 text-muted">
            {card.title}
            <span
              role="img"
              aria-label={card.light === "ok" ? "works" : card.light === "quiet" ? "inactive" : "needs attention"}
            >
              <StateMark state={lightState[card.light]} />
            </span>
          </p>
          <p className="truncate text-16 font-semibold">{card.value}</p>
          <p
            className={cx(
              "truncate text-12",
              card.light === "warn" ? "text-warn" : card.light === "danger" ? "text-danger" : "text-muted",
            )}
            title={card.detail}
          >
            {card.detail}
          </p>
        </li>
      ))}
    </ul>
  );
}
