/**
 * The pages there are, in the order of the rail. A new page is a line here and its folder under `app/`: the rail, the phone's
 * tab bar, the palette and the tests read this table.
 */
import { ChartCandlestick, Gauge, Info, type LucideIcon } from "lucide-react";

export interface Page {
  name: string;
  title: string;
  /** Where a link to it leads; `/` opens the last workspace. */
  href: string;
  /** Its folder: every path that begins so is this page. */
  root: `/${string}`;
  icon: LucideIcon;
  /** Where it stands in the rail. */
  rail: "top" | "bottom";
  /** On a phone: a tab of its own, or a row of the menu More. */
  phone: "tab" | "menu";
  /** Shows how feeds are: marked while one needs a look. */
  showsFeeds?: boolean;
  /** The palette's command: its text and other words that find it. Null: the palette gets there by an instrument. */
  command: { title: string; words: string } | null;
}

export const pages: readonly Page[] = [
  {
    name: "chart",
    title: "Chart",
    href: "/",
    root: "/chart",
    icon: ChartCandlestick,
    rail: "top",
    phone: "tab",
    command: null,
  },
  {
    name: "status",
    title: "Status",
    href: "/status",
    root: "/status",
    icon: Gauge,
    rail: "top",
    phone: "tab",
    showsFeeds: true,
    command: { title: "Status", words: "latency pipeline health" },
  },
  {
    name: "about",
    title: "About",
    href: "/about",
    root: "/about",
    icon: Info,
    rail: "bottom",
    phone: "menu",
    command: { title: "About Candela", words: "licence version" },
  },
];

/** Returns the page a path belongs to. */
export const pageAt = (pathname: string): Page | null =>
  pages.find(({ root }) => pathname === root || pathname.startsWith(`${root}/`)) ?? null;
