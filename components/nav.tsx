/** The pages there are, in the order of the rail. A new page is a line here. */
import { ChartCandlestick, Gauge, Info, type LucideIcon } from "lucide-react";

export interface Destination {
  name: "chart" | "status" | "about";
  title: string;
  /** Where it leads; `/` opens the last workspace. */
  href: string;
  icon: LucideIcon;
  place: "top" | "bottom";
}

export const destinations: readonly Destination[] = [
  { name: "chart", title: "Chart", href: "/", icon: ChartCandlestick, place: "top" },
  { name: "status", title: "Status", href: "/status", icon: Gauge, place: "top" },
  { name: "about", title: "About", href: "/about", icon: Info, place: "bottom" },
];

/** Which page a path belongs to. */
export const destinationAt = (pathname: string): Destination["name"] | null =>
  pathname.startsWith("/chart")
    ? "chart"
    : pathname.startsWith("/status")
      ? "status"
      : pathname.startsWith("/about")
        ? "about"
        : null;
