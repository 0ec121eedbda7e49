"use client";
import { Check, CircleX, Copy } from "lucide-react";
import { useState } from "react";
import { useLatency } from "@/components/client/latency";
import { useConnection } from "@/components/client/connection";
import { Shell } from "@/components/shell/shell";
import { Button } from "@/components/ui/button";
import { cx } from "@/components/ui/class-names";
import { EmptyState } from "@/components/ui/empty-state";
import { Late, Skeleton } from "@/components/ui/skeleton";
import { budgets } from "./budgets";
import { EventsTable } from "./events-table";
import { Facts } from "./facts";
import { GapsTable } from "./gaps-table";
import { summaryOf } from "./health";
import { Histogram } from "./histogram";
import { HistoryGraph } from "./history-graph";
import { LoginForm } from "./login-form";
import { PipelineDiagram } from "./pipeline-diagram";
import { reportText } from "./report";
import { StatusCards } from "./status-cards";
import { useStatus } from "./use-status";

const COPIED_MS = 2_000;

/** Is it working, how fast, and what happened: the pipeline's own figures, each second. */
export function StatusPage() {
  const { snapshot, error } = useStatus();
  const { status } = useConnection();
  const browser = useLatency();
  const [copied, setCopied] = useState(false);
  const summary =
    snapshot === null
      ? { text: "", danger: false }
      : status === "offline"
        ? { text: "The server is not responding", danger: true }
        : summaryOf(snapshot);
  const copy = (): void => {
    if (snapshot === null) return;
    navigator.clipboard.writeText(reportText(snapshot, browser, navigator.userAgent)).then(
      () => {
        setCopied(true);
        setTimeout(() => setCopied(false), COPIED_MS);
      },
      () => undefined,
    ); // the browser refused: the button stays as it is
  };
  return (
    <Shell
      topBar={
        <div className="flex min-w-0 flex-1 items-center gap-2 pr-2 pl-4 max-md:h-12" data-testid="page-status">
          <h1 className="text-14 font-semibold">Status</h1>
          <p className={cx("truncate text-13", summary.danger ? "text-danger" : "text-muted")}>{summary.text}</p>
          <Button
            kind="quiet"
            icon={copied ? Check : Copy}
            className="ml-auto"
            onClick={copy}
            disabled={snapshot === null}
          >
            {copied ? "Copied" : "Copy report"}
          </Button>
        </div>
      }
    >
      <div className="min-h-0 flex-1 overflow-y-auto">
        {snapshot === null && error === null && (
          <Late>
            <Coming />
          </Late>
        )}
        {snapshot === null && error !== null && (
          <EmptyState tone="danger" icon={CircleX} title="The status could not be loaded" detail={error} />
        )}
        {snapshot !== null && (
          <>
            <StatusCards snapshot={snapshot} />
            {snapshot.feeds
              .filter(({ state }) => state === "AUTH_EXPIRED")
              .map((feed) => (
                <LoginForm key={feed.collector} feed={feed} />
              ))}
            <PipelineDiagram snapshot={snapshot} />
            <div className="flex border-b border-line max-lg:flex-col">
              <Histogram
                title="Receive to emit"
                spans={snapshot.latency.receiveToEmit}
                budget={budgets.receiveToEmit}
              />
              <Histogram title="Emit to socket" spans={snapshot.latency.emitToSocket} budget={budgets.emitToSocket} />
              {browser === null ? (
                <Histogram title="Commit" spans={snapshot.latency.commit} budget={budgets.commit} />
              ) : (
                <Histogram
                  title="Socket to paint, this tab"
                  spans={browser.socketToPaint}
                  budget={budgets.socketToPaint}
                />
              )}
            </div>
            <HistoryGraph snapshot={snapshot} browser={browser} />
            <GapsTable now={snapshot.serverTime} />
            <Facts snapshot={snapshot} />
            <EventsTable events={snapshot.events} />
          </>
        )}
      </div>
    </Shell>
  );
}

/** The page's shape before its figures. */
function Coming() {
  return (
    <div aria-hidden>
      <div className="grid grid-cols-2 gap-px border-b border-line md:grid-cols-4 xl:grid-cols-8">
        {Array.from({ length: 8 }, (_, index) => (
          <div key={index} className="flex h-19 flex-col justify-center gap-2 px-4">
            <Skeleton className="h-2 w-16" />
            <Skeleton className="h-3 w-20" />
          </div>
        ))}
      </div>
      <div className="flex h-64 items-center gap-6 border-b border-line px-4 max-md:hidden">
        {Array.from({ length: 7 }, (_, index) => (
          <Skeleton key={index} className="h-20 flex-1" />
        ))}
      </div>
    </div>
  );
}
