import { ChartCandlestick, Gauge, List, Menu as MenuIcon, Search, type LucideIcon } from "lucide-react";
import { usePathname, useRouter } from "next/navigation";
import { destinationAt } from "@/components/nav";
import { openPalette } from "@/components/palette/palette-store";
import { cx } from "@/components/ui/class-names";
import { Icon } from "@/components/ui/icon";
import { Menu } from "@/components/ui/menu";
import { lastChart } from "./last-chart";
import { showPhoneView } from "./phone-view";
import { useThemeMenu } from "./theme-menu";

const tab = (here: boolean): string =>
  cx(
    "relative flex h-14 flex-1 flex-col items-center justify-center gap-1 text-11 font-medium short:h-auto short:min-h-11 short:w-12 short:flex-none",
    here
      ? "text-text before:absolute before:top-0 before:h-0.5 before:w-6 before:rounded-b-[1px] before:bg-accent before:content-[''] short:before:top-auto short:before:left-0 short:before:h-6 short:before:w-0.5"
      : "text-muted",
  );

function Face({ icon, title }: { icon: LucideIcon; title: string }) {
  return (
    <>
      <Icon of={icon} size={20} line={1.5} />
      <span className="short:sr-only">{title}</span>
    </>
  );
}

/** The rail's place on a phone: at the bottom, in reach of a thumb; at the edge of one held sideways, whose height is the chart's. */
export function TabBar({ hasDock, lists }: { hasDock: boolean; lists: boolean }) {
  const router = useRouter();
  const here = destinationAt(usePathname());
  const themeRows = useThemeMenu();
  const go = (view: "page" | "lists"): void => {
    if (hasDock) showPhoneView(view);
    else router.push(`${lastChart()}${view === "lists" ? "#lists" : ""}`);
  };
  const chart = here === "chart" && !lists;
  return (
    <nav
      aria-label="Pages"
      className="flex border-t border-line bg-sunken pb-[max(env(safe-area-inset-bottom),20px)] short:order-first short:flex-col short:justify-evenly short:border-t-0 short:border-r short:pb-0 short:pl-[env(safe-area-inset-left)] md:hidden"
    >
      <button type="button" className={tab(chart)} aria-current={chart ? "page" : undefined} onClick={() => go("page")}>
        <Face icon={ChartCandlestick} title="Chart" />
      </button>
      <button
        type="button"
        className={tab(lists)}
        aria-current={lists ? "page" : undefined}
        onClick={() => go("lists")}
      >
        <Face icon={List} title="Lists" />
      </button>
      <button type="button" className={tab(false)} aria-haspopup="dialog" onClick={() => openPalette()}>
        <Face icon={Search} title="Search" />
      </button>
      <button
        type="button"
        className={tab(here === "status")}
        aria-current={here === "status" ? "page" : undefined}
        onClick={() => router.push("/status")}
      >
        <Face icon={Gauge} title="Status" />
      </button>
      <Menu
        label="More"
        side="top"
        align="end"
        width={232}
        trigger={
          <button type="button" className={tab(here === "about")}>
            <Face icon={MenuIcon} title="More" />
          </button>
        }
        items={[
          ...themeRows.slice(0, -2),
          { kind: "line" },
          { label: "About Candela", onSelect: () => router.push("/about") },
        ]}
      />
    </nav>
  );
}
