/** A status snapshot judged: which card shows which light, and how many things want a look. Pure. */
import { compactText, countText, differenceText, millisecondsText, numberText } from "@/components/format/numbers";
import { sessionText } from "@/components/format/session";
import type { PillState } from "@/components/ui/pill";
import type { StageView, StatusSnapshot } from "@/server/contract/live";
import { counted } from "@/server/domain/basics/counted";
import { budgets } from "./budgets";
import { notReceiving } from "./receiving";

export type Light = "ok" | "warn" | "danger" | "quiet";

/** The mark of each light. */
export const lightState: Record<Light, PillState> = { ok: "LIVE", warn: "SLOW", danger: "ERROR", quiet: "CLOSED" };

export interface Card {
  title: string;
  value: string;
  detail: string;
  light: Light;
}

/** A queue half full wants a look; a stage slower than a commit's budget too. */
export const stageLight = (stage: StageView): Light => {
  const share = stage.queue === null || stage.queue.size === 0 ? 0 : stage.queue.used / stage.queue.size;
  if (share >= 0.9) return "danger";
  return share >= 0.5 || stage.p95 > budgets.commit ? "warn" : "ok";
};

const LOW_DISK_GB = 5;

const feedCard = (snapshot: StatusSnapshot): Card => {
  const working = snapshot.feeds.filter((feed) => feed.state === "LIVE" || feed.state === "CLOSED");
  const broken = snapshot.feeds.find(
    (feed) => feed.state !== "LIVE" && feed.state !== "CLOSED" && feed.state !== "STOPPED",
  );
  const missing = snapshot.feeds.reduce((sum, feed) => sum + feed.missing.count, 0);
  const light: Light =
    snapshot.feeds.length === 0
      ? "quiet"
      : broken === undefined
        ? missing > 0
          ? "warn"
          : "ok"
        : ["DOWN", "MUTE"].includes(broken.state) || notReceiving(snapshot.feeds) !== null
          ? "danger"
          : "warn";
  const rate = snapshot.feeds.reduce((sum, feed) => sum + feed.ticksPerSecond, 0);
  return {
    title: "Feeds",
    value: `${working.length} of ${snapshot.feeds.length}`,
    detail:
      broken === undefined
        ? missing > 0
          ? `${countText(missing)} subscribed, not in the broker's list`
          : `${countText(Math.round(rate))} ticks/s`
        : `${broken.collector}: ${broken.state.toLowerCase().replace("_", " ")}`,
    light,
  };
};

const marketCard = (snapshot: StatusSnapshot): Card => {
  const market = snapshot.markets.find(({ warning }) => warning !== null) ?? snapshot.markets[0];
  if (market === undefined) return { title: "Calendar", value: "–", detail: "no exchange configured", light: "quiet" };
  const text = sessionText(market.session, snapshot.serverTime);
  if (market.warning !== null)
    return { title: "Calendar", value: `${market.exchange} ${text.state}`, detail: market.warning, light: "warn" };
  return {
    title: "Calendar",
    value: `${market.exchange} ${text.state}`,
    detail: text.detail,
    light: text.open ? "ok" : "quiet",
  };
};

/** The row of cards at the top, in this order. */
export const cardsOf = (snapshot: StatusSnapshot): Card[] => {
  const { latency, sockets, store, bus, disk, clockSkewMs, clockSkewErrorMs } = snapshot;
  const slowCommit = latency.commit.count > 0 && latency.commit.p95 > budgets.commit;
  return [
    feedCard(snapshot),
    {
      title: "Event loop lag",
      value: `${millisecondsText(latency.eventLoop.p50)} ms`,
      detail: `p99 ${millisecondsText(latency.eventLoop.p99)}`,
      light: latency.eventLoop.p95 > budgets.eventLoop ? "warn" : "ok",
    },
    {
      title: "Dropped",
      value: countText(sockets.dropped),
      detail: `frames · ${compactText(sockets.conflated)} merged`,
      light: sockets.dropped > 0 ? "warn" : "ok",
    },
    {
      title: "Database",
      value: store.ok ? `${millisecondsText(latency.commit.p95)} ms` : "away",
      light: !store.ok ? "danger" : slowCommit ? "warn" : "ok",
      detail: !store.ok
        ? store.detail
        : slowCommit
          ? `commit p95, limit ${budgets.commit}`
          : `commit p95 · ${store.kind}`,
    },
    {
      title: "Bus",
      value: bus.kind,
      detail: bus.ok ? bus.detail || "works" : bus.detail,
      light: bus.ok ? "ok" : "danger",
    },
    {
      title: "Clock skew",
      value: clockSkewMs === null ? "–" : `${differenceText(Math.round(clockSkewMs), 0)} ms`,
      detail:
        clockSkewErrorMs === null
          ? "relative to the feed"
          : `± ${millisecondsText(clockSkewErrorMs)} ms, relative to the feed`,
      light:
        clockSkewMs === null
          ? "quiet"
          : Math.abs(clockSkewMs) - (clockSkewErrorMs ?? 0) > budgets.clockSkew
            ? "warn"
            : "ok",
    },
    disk === null
      ? { title: "Disk", value: "–", detail: "not measured", light: "quiet" }
      : {
          title: "Disk",
          value: `${numberText(disk.freeGb, disk.freeGb < 10 ? 1 : 0)} GB free`,
          detail: disk.dataMb === null ? "external database" : `${countText(Math.round(disk.dataMb))} MB stored`,
          light: disk.freeGb < LOW_DISK_GB ? "danger" : "ok",
        },
    marketCard(snapshot),
  ];
};

/** Number of cards and stages that need attention. */
export const attentionCount = (snapshot: StatusSnapshot): number =>
  [...cardsOf(snapshot).map((card) => card.light), ...snapshot.stages.map(stageLight)].filter(
    (light) => light === "warn" || light === "danger",
  ).length;

/** The page's first sentence. If no data arrive, nothing else matters. */
export const summaryOf = (snapshot: StatusSnapshot): { text: string; danger: boolean } => {
  const reason = notReceiving(snapshot.feeds);
  if (reason !== null) return { text: `Not receiving data: ${reason}`, danger: true };
  const attention = attentionCount(snapshot);
  return {
    text:
      attention === 0
        ? "Working. Nothing needs attention."
        : `Working. ${counted(attention, "item")} ${attention === 1 ? "needs" : "need"} attention.`,
    danger: false,
  };
};
