"use client";
import { TriangleAlert } from "lucide-react";
import dynamic from "next/dynamic";
import { usePathname, useSearchParams } from "next/navigation";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { createValue, useValue } from "@/components/client/store";
import { openPalette, registerCommands, registerPick, registerReader } from "@/components/palette/palette-store";
import { Shell } from "@/components/shell/shell";
import { Button } from "@/components/ui/button";
import { NoticeStrip } from "@/components/ui/notice-strip";
import { WatchlistDock } from "@/components/watchlist/watchlist-dock";
import { type AnyTimeframeName, isListed, timeframes } from "@/server/domain/time/timeframe";
import { ChartFooter, type RangeName, ranges } from "./chart-footer";
import type { ScaleState } from "./chart-canvas";
import { useChartKeys } from "./chart-keys";
import { type ChartMenuActions, chartMenuRows } from "./chart-menu";
import type { ChartController, ChartStatus } from "./chart-controller";
import { ChartSkeleton } from "./chart-states";
import { ChartTopBar } from "./chart-top-bar";
import { addressOf, readAddress } from "./chart-url";
import { type ChosenIndicator, freeColour } from "./chosen-indicators";
import { defaultsOf } from "./indicator-catalogue";
import type { IndicatorEntry } from "@/server/contract/answers";
import { IndicatorDialog } from "./indicator-dialog";
import { IndicatorSettings } from "./indicator-settings";
import type { IndicatorActions } from "./legend";
import { readTimeframe, refusalOf, timeframeLabel, timeframeTitle } from "./timeframe-entry";
import { TimeframeBox } from "./timeframe-box";
import { useCatalogue } from "./use-catalogue";
import { chartMemory, firstChart, type KeptChart, recallChart } from "./workspace-memory";

// The chart library is drawn in the browser only, and is no part of what other pages load.
const ChartHost = dynamic(() => import("./chart-host").then((loaded) => loaded.ChartHost), {
  ssr: false,
  loading: () => (
    <div className="relative flex-1">
      <ChartSkeleton />
    </div>
  ),
});

const waiting = createValue<ChartStatus | null>(null);
const FIRST_KEY = "SIM:RELIANCE";

/**
 * The chart page: top bar, chart, footer and watchlist around one address. Symbol and timeframe are in the URL and change
 * through the browser's history; the chart stays the same one throughout.
 */
export function Workspace() {
  const pathname = usePathname();
  const search = useSearchParams();
  const address = useMemo(() => readAddress(pathname, search), [pathname, search]);
  const [kept, setKept] = useState<KeptChart | null>(null);
  const [controller, setController] = useState<ChartController | null>(null);
  const status = useValue<ChartStatus | null>(controller?.status ?? waiting, null);
  const [range, setRange] = useState<RangeName | null>(null);
  const [box, setBox] = useState<string | null>(null);
  /** A timeframe of the address that is none, and the address shown instead. */
  const [refused, setRefused] = useState<{ written: string; shown: string } | null>(null);
  const [adding, setAdding] = useState(false);
  const [setting, setSetting] = useState<number | null>(null);
  const catalogue = useCatalogue(adding || setting !== null);
  const memory = useRef<ReturnType<typeof chartMemory>>(null);

  const key = address?.key ?? FIRST_KEY;
  const chart = kept ?? firstChart;
  const timeframe = address?.timeframe ?? chart.timeframe;
  const dayMs = status?.dayMs ?? null;
  const instrument = status?.instrument?.key === key ? status.instrument : null;

  useEffect(() => {
    const store = chartMemory();
    memory.current = store;
    let gone = false;
    void recallChart().then((recalled) => {
      if (!gone) setKept(recalled);
    });
    return () => {
      gone = true;
      store.stop();
      memory.current = null;
    };
  }, []);
  useEffect(() => {
    if (kept !== null && address !== null)
      memory.current?.keep(instrument === null ? null : key, { ...kept, timeframe });
  }, [kept, address, key, timeframe, instrument]);
  // An address without a timeframe (a link, the palette) gets the one in use, so that it can be sent on.
  useEffect(() => {
    if (kept === null || address === null || address.timeframe !== null) return;
    if (address.refused !== null) setRefused({ written: address.refused, shown: addressOf(key, timeframe) });
    history.replaceState(null, "", addressOf(key, timeframe) + location.hash);
  }, [kept, address, key, timeframe]);
  useEffect(() => {
    document.title = `${key.slice(key.indexOf(":") + 1)} ${timeframeLabel(timeframe)} · Candela`;
  }, [key, timeframe]);

  const change = useCallback(
    (part: Partial<KeptChart>) => setKept((held) => ({ ...(held ?? firstChart), ...part })),
    [],
  );
  const changeIndicators = useCallback(
    (next: (held: readonly ChosenIndicator[]) => readonly ChosenIndicator[]) =>
      setKept((held) => ({ ...(held ?? firstChart), indicators: next((held ?? firstChart).indicators) })),
    [],
  );
  const go = useCallback((nextKey: string, nextTimeframe: AnyTimeframeName) => {
    const to = addressOf(nextKey, nextTimeframe);
    if (location.pathname + location.search !== to) history.pushState(null, "", to);
  }, []);
  const pick = useCallback(
    (nextKey: string) => {
      setRange(null);
      go(nextKey, timeframe);
    },
    [go, timeframe],
  );
  const chooseTimeframe = useCallback(
    (next: AnyTimeframeName) => {
      setRange(null);
      setBox(null);
      go(key, next);
    },
    [go, key],
  );
  const setScale = useCallback((scale: ScaleState) => change({ scale }), [change]);
  const chooseRange = (name: RangeName): void => {
    setRange(name);
    go(key, ranges[name].timeframe);
    controller?.showRange(ranges[name].range, ranges[name].timeframe);
  };
  const actions: IndicatorActions = useMemo(
    () => ({
      hide: (at) =>
        changeIndicators((held) =>
          held.map((indicator, position) =>
            position === at ? { ...indicator, hidden: !indicator.hidden } : indicator,
          ),
        ),
      settings: (at) => {
        setAdding(false);
        setSetting(at);
      },
      remove: (at) => changeIndicators((held) => held.filter((_, position) => position !== at)),
    }),
    [changeIndicators],
  );
  const add = (entry: IndicatorEntry): void =>
    changeIndicators((held) => [
      ...held,
      { id: entry.id, params: defaultsOf(entry), colour: freeColour(held, entry.pane), hidden: false },
    ]);

  useEffect(() => registerPick(pick), [pick]);
  useEffect(
    () =>
      registerCommands([
        ...timeframes.map(({ name }) => ({
          id: `timeframe ${name}`,
          title: `Timeframe: ${timeframeTitle(name)}`,
          words: `interval ${name}`,
          run: () => chooseTimeframe(name),
        })),
        { id: "indicators", title: "Indicators", words: "add study ema sma rsi", run: () => setAdding(true) },
        {
          id: "scale log",
          title: "Scale: logarithmic on or off",
          shortcut: "Alt L",
          run: () => setScale({ ...chart.scale, mode: chart.scale.mode === "log" ? "normal" : "log" }),
        },
        {
          id: "scale percent",
          title: "Scale: percent on or off",
          shortcut: "Alt P",
          run: () => setScale({ ...chart.scale, mode: chart.scale.mode === "percent" ? "normal" : "percent" }),
        },
        {
          id: "view reset",
          title: "Reset the view",
          words: "fit latest",
          shortcut: "Alt R",
          run: () => controller?.resetView(),
        },
      ]),
    [chooseTimeframe, setScale, chart.scale, controller],
  );
  useEffect(
    () =>
      registerReader((typed) => {
        const entry = readTimeframe(typed, dayMs);
        if (entry.kind === "refused" || isListed(entry.timeframe)) return null;
        const { name } = entry.timeframe;
        return {
          id: `timeframe ${name}`,
          title: `Timeframe: ${timeframeTitle(name)}`,
          run: () => chooseTimeframe(name),
        };
      }),
    [chooseTimeframe, dayMs],
  );
  useChartKeys({
    search: openPalette,
    timeframeBox: setBox,
    crosshair: (bars) => controller?.stepCrosshair(bars),
    clearCrosshair: () => controller?.clearCrosshair(),
    pan: (bars) => controller?.pan(bars),
    edge: (edge) => controller?.toEdge(edge),
    zoom: (factor) => controller?.zoom(factor),
    reset: () => controller?.resetView(),
    mode: (mode) => setScale({ ...chart.scale, mode: chart.scale.mode === mode ? "normal" : mode }),
    invert: () => setScale({ ...chart.scale, inverted: !chart.scale.inverted }),
  });

  const menu: ChartMenuActions = useMemo(
    () => ({
      copy: (text) => void navigator.clipboard.writeText(text),
      copyLink: (time) =>
        void navigator.clipboard.writeText(
          `${location.origin}${addressOf(key, timeframe)}${time === null ? "" : `&at=${time}`}`,
        ),
      reset: () => controller?.resetView(),
      toLatest: () => controller?.toLatest(),
      scale: setScale,
      indicators: () => setAdding(true),
      search: () => openPalette(),
      ...actions,
    }),
    [key, timeframe, controller, setScale, actions],
  );
  const autoScaled = status?.autoScaled ?? true;
  const menuRows = chartMenuRows({ spot: null, scale: chart.scale, autoScaled, indicators: [], actions: menu });
  const wish = useMemo(() => ({ key, timeframe, indicators: chart.indicators }), [key, timeframe, chart.indicators]);
  const settled = setting === null ? undefined : chart.indicators[setting];
  return (
    <>
      <Shell
        title={`${key.slice(key.indexOf(":") + 1)} ${timeframeTitle(timeframe)} chart`}
        topBar={
          <ChartTopBar
            chartKey={key}
            instrument={instrument}
            controller={controller}
            timeframe={timeframe}
            onTimeframe={chooseTimeframe}
            onTypeTimeframe={() => setBox("")}
            onIndicators={() => setAdding(true)}
            menu={menuRows}
          />
        }
        dock={
          <WatchlistDock
            current={key}
            onPick={pick}
            {...(chart.watchlist === "" ? {} : { list: chart.watchlist })}
            onList={(watchlist) => change({ watchlist })}
          />
        }
        footer={
          <ChartFooter
            range={range}
            onRange={chooseRange}
            scale={chart.scale}
            autoScaled={autoScaled}
            onScale={setScale}
          />
        }
      >
        {refused?.shown === addressOf(key, timeframe) && (
          <NoticeStrip
            tone="warn"
            icon={TriangleAlert}
            action={
              <Button kind="quiet" size="sm" onClick={() => setRefused(null)}>
                Dismiss
              </Button>
            }
          >
            {refusalOf(refused.written)}. The chart shows {timeframeTitle(timeframe)}.
          </NoticeStrip>
        )}
        <div className="relative flex min-h-0 flex-1" data-testid="page-chart">
          {kept !== null ? (
            <ChartHost
              index={0}
              wish={wish}
              scale={chart.scale}
              at={address?.at ?? null}
              actions={actions}
              menu={menu}
              onController={setController}
              onTimeframe={chooseTimeframe}
              onSearch={() => openPalette()}
            />
          ) : (
            <ChartSkeleton />
          )}
          {box !== null && (
            <TimeframeBox first={box} dayMs={dayMs} onChoose={chooseTimeframe} onClose={() => setBox(null)} />
          )}
        </div>
      </Shell>
      <IndicatorDialog
        open={adding}
        onOpenChange={setAdding}
        catalogue={catalogue}
        chosen={chart.indicators}
        onAdd={add}
        actions={actions}
      />
      {setting !== null && settled !== undefined && (
        <IndicatorSettings
          key={setting}
          indicator={settled}
          entry={catalogue.entries?.find((entry) => entry.id === settled.id)}
          error={catalogue.error}
          onChange={(next) =>
            changeIndicators((held) => held.map((indicator, at) => (at === setting ? next : indicator)))
          }
          onClose={() => setSetting(null)}
        />
      )}
    </>
  );
}
