"use client";
import { List, Settings } from "lucide-react";
import Link from "next/link";
import { usePathname, useRouter } from "next/navigation";
import { useFeed } from "@/components/client/feed";
import { type Page, pageAt, pages } from "@/components/pages";
import { Menu } from "@/components/ui/menu";
import { cx } from "@/components/ui/class-names";
import { Icon } from "@/components/ui/icon";
import { Tooltip } from "@/components/ui/tooltip";
import { dock, useDock } from "./dock-state";
import { Logo } from "./logo";
import { useThemeMenu } from "./theme-menu";
import { worstFeed } from "./worst-feed";

const item =
  "relative flex size-9 items-center justify-center rounded-md text-muted transition-colors duration-[var(--dur-hover)] hover:bg-hover hover:text-text data-[state=open]:bg-selected data-[state=open]:text-text";
const current =
  "bg-selected text-text before:absolute before:-left-1.5 before:h-5 before:w-0.5 before:rounded-r-[1px] before:bg-accent before:content-['']";

function PageLink({ to, here, attention }: { to: Page; here: boolean; attention: boolean }) {
  return (
    <Tooltip content={to.title} side="right">
      <Link
        href={to.href}
        aria-label={attention ? `${to.title}, needs a look` : to.title}
        aria-current={here ? "page" : undefined}
        className={cx(item, here && current)}
        onClick={(event) => {
          if (here) event.preventDefault();
        }}
      >
        <Icon of={to.icon} size={18} line={1.5} />
        {attention && <span className="absolute top-1 right-1 size-[7px] rounded-full bg-warn" />}
      </Link>
    </Tooltip>
  );
}

/** The way between pages, at the left edge; on a phone `TabBar` takes its place. */
export function Rail({ hasDock }: { hasDock: boolean }) {
  const here = pageAt(usePathname());
  const router = useRouter();
  const { open } = useDock();
  const themeRows = useThemeMenu();
  const feed = useFeed();
  const worst = feed === null ? null : worstFeed(feed.feeds);
  const attention = worst !== null && ["SLOW", "MUTE", "DOWN", "AUTH_EXPIRED"].includes(worst.state);
  const link = (to: Page) => (
    <PageLink key={to.name} to={to} here={to === here} attention={to.showsFeeds === true && attention} />
  );
  const showList = (): void => {
    if (hasDock) dock().toggle();
    else {
      dock().toggle(true);
      router.push("/");
    }
  };
  return (
    <nav aria-label="Pages" className="flex flex-col items-center border-r border-line bg-sunken pb-1.5 max-md:hidden">
      <div className="flex h-(--topbar-h) items-center">
        <Logo />
      </div>
      <div className="flex flex-1 flex-col items-center gap-1 pt-1">
        {pages.filter(({ href }) => href === "/").map(link)}
        <Tooltip content="Watchlist" shortcut="]" side="right">
          <button
            type="button"
            aria-label="Watchlist"
            aria-pressed={hasDock && open}
            onClick={showList}
            className={item}
          >
            <Icon of={List} size={18} line={1.5} />
          </button>
        </Tooltip>
        {pages.filter(({ rail, href }) => rail === "top" && href !== "/").map(link)}
        <span className="flex-1" />
        {pages.filter(({ rail }) => rail === "bottom").map(link)}
        <Menu
          label="Appearance"
          side="right"
          align="end"
          width={232}
          items={themeRows}
          trigger={
            <button type="button" aria-label="Appearance" title="Appearance" className={item}>
              <Icon of={Settings} size={18} line={1.5} />
            </button>
          }
        />
      </div>
    </nav>
  );
}
