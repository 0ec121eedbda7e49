import { List, Menu as MenuIcon, Search, type LucideIcon } from "lucide-react";
import { usePathname, useRouter } from "next/navigation";
import { type Page, pageAt, pages } from "@/components/pages";
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

function PageTab({ page, here, onClick }: { page: Page; here: boolean; onClick: () => void }) {
  return (
    <button type="button" className={tab(here)} aria-current={here ? "page" : undefined} onClick={onClick}>
      <Face icon={page.icon} title={page.title} />
    </button>
  );
}

/** The rail's place on a phone: at the bottom, in reach of a thumb; at the edge of one held sideways, whose height is the chart's. */
export function TabBar({ hasDock, lists }: { hasDock: boolean; lists: boolean }) {
  const router = useRouter();
  const here = pageAt(usePathname());
  const themeRows = useThemeMenu();
  const go = (view: "page" | "lists"): void => {
    if (hasDock) showPhoneView(view);
    else router.push(`${lastChart()}${view === "lists" ? "#lists" : ""}`);
  };
  // The chart and the lists are one page, of which a phone shows a half.
  const chart = here?.href === "/" && !lists;
  const inMenu = pages.filter(({ phone }) => phone === "menu");
  return (
    <nav
      aria-label="Pages"
      className="flex border-t border-line bg-sunken pb-[max(env(safe-area-inset-bottom),20px)] short:order-first short:flex-col short:justify-evenly short:border-t-0 short:border-r short:pb-0 short:pl-[env(safe-area-inset-left)] md:hidden"
    >
      {pages
        .filter(({ href }) => href === "/")
        .map((page) => (
          <PageTab key={page.name} page={page} here={chart} onClick={() => go("page")} />
        ))}
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
      {pages
        .filter(({ phone, href }) => phone === "tab" && href !== "/")
        .map((page) => (
          <PageTab key={page.name} page={page} here={page === here} onClick={() => router.push(page.href)} />
        ))}
      <Menu
        label="More"
        side="top"
        align="end"
        width={232}
        trigger={
          <button type="button" className={tab(here !== null && inMenu.includes(here))}>
            <Face icon={MenuIcon} title="More" />
          </button>
        }
        items={[
          ...themeRows.slice(0, -2),
          { kind: "line" },
          ...inMenu.map(({ title, href, command }) => ({
            label: command?.title ?? title,
            onSelect: () => router.push(href),
          })),
        ]}
      />
    </nav>
  );
}
