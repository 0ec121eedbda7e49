"use client";
/**
 * `<Shell topBar={…} dock={<WatchlistDock …/>} title="RELIANCE 5m" footer={…}>page</Shell>`: frame of every page.
 *   topBar    left part of the 40 px bar (a phone gives it the height it needs); the search box stands at its right
 *   children  the page; fills the space, scrolls itself where it must
 *   dock      right dock (300 to 420 px, `]`); a phone shows it as its Lists view
 *   footer    28 px below the page, inside its column
 *   title     the page's `h1`; read, not seen, unless the top bar shows one: then leave it out
 */
import type { ReactNode } from "react";
import { ConnectionStrip } from "./connection-strip";
import { dock as dockStore } from "./dock-state";
import { useRememberChart } from "./last-chart";
import { usePhoneView } from "./phone-view";
import { Rail } from "./rail";
import { RightDock } from "./right-dock";
import { SearchBox } from "./search-box";
import { useShortcut } from "./shortcuts";
import { StatusBar } from "./status-bar";
import { TabBar } from "./tab-bar";

export interface ShellProps {
  topBar: ReactNode;
  children: ReactNode;
  dock?: ReactNode;
  footer?: ReactNode;
  title?: string;
}

export function Shell({ topBar, children, dock, footer, title }: ShellProps) {
  const lists = usePhoneView() === "lists" && dock !== undefined;
  const hasDock = dock !== undefined;
  useRememberChart();
  useShortcut({ code: "BracketRight" }, () => {
    if (hasDock) dockStore().toggle();
  });
  return (
    <div
      data-phone-view={lists ? "lists" : "page"}
      className="group/shell grid h-dvh w-full overflow-hidden bg-bg max-md:grid-rows-[minmax(0,1fr)_auto] short:grid-cols-[auto_minmax(0,1fr)] short:grid-rows-[minmax(0,1fr)] md:grid-cols-[var(--rail-w)_minmax(0,1fr)] md:grid-rows-[minmax(0,1fr)_var(--status-h)]"
    >
      <a
        href="#page"
        className="skip-link absolute top-1 left-1 z-(--z-tooltip) rounded-sm bg-accent-fill px-3 py-1 text-on-accent"
      >
        Skip to the page
      </a>
      {hasDock && (
        <a
          href="#dock"
          className="skip-link absolute top-1 left-1 z-(--z-tooltip) rounded-sm bg-accent-fill px-3 py-1 text-on-accent"
        >
          Skip to the watchlist
        </a>
      )}
      <Rail hasDock={hasDock} />
      <div className="flex min-h-0 min-w-0 flex-col">
        <header className="flex shrink-0 items-center border-b border-line bg-sunken max-md:bg-bg max-md:pt-[env(safe-area-inset-top)] max-md:group-data-[phone-view=lists]/shell:hidden md:h-(--topbar-h)">
          <div className="flex min-w-0 flex-1 items-center md:h-full">{topBar}</div>
          <div className="flex h-full items-center px-2 max-md:hidden">
            <span className="mr-2 h-5 w-px bg-line" />
            <SearchBox />
          </div>
        </header>
        <div className="flex min-h-0 flex-1">
          <main
            id="page"
            tabIndex={-1}
            className="flex min-w-0 flex-1 flex-col bg-bg focus-visible:outline-none max-md:group-data-[phone-view=lists]/shell:flex-none"
          >
            {title !== undefined && <h1 className="sr-only">{title}</h1>}
            <div className="flex min-h-0 flex-1 flex-col max-md:group-data-[phone-view=lists]/shell:hidden">
              <ConnectionStrip />
              <div className="flex min-h-0 flex-1 flex-col">{children}</div>
              {footer !== undefined && (
                <div className="flex h-7 shrink-0 items-center border-t border-line px-2 max-md:hidden">{footer}</div>
              )}
            </div>
          </main>
          {hasDock && <RightDock>{dock}</RightDock>}
        </div>
      </div>
      <StatusBar />
      <TabBar hasDock={hasDock} lists={lists} />
    </div>
  );
}
