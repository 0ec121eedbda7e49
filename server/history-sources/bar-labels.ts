/** What a bar file's labels mean: which end of the bar they name, and how far apart they stand. */
import { barStart } from "@/server/domain/bar-time";
import { badInput } from "@/server/domain/errors";
import { type Calendar, type HoursKey, istDay, type Session } from "@/server/domain/session";
import { type Timeframe, timeframes } from "@/server/domain/timeframe";

export type LabelKind = "start" | "end";

/** Labels of one trading date, in order of time. */
export interface LabelDay {
  session: Session;
  labels: number[];
}

/** Distinct labels by trading date, oldest first; dates without a session are left out. */
export const labelDays = (labels: Iterable<number>, calendar: Calendar, hours: HoursKey): LabelDay[] => {
  const days = new Map<number, Set<number>>();
  for (const label of labels) {
    const day = istDay(label);
    const known = days.get(day);
    if (known === undefined) days.set(day, new Set([label]));
    else known.add(label);
  }
  return [...days].sort(([a], [b]) => a - b).flatMap(([day, set]) => {
    const session = calendar.on(hours, day);
    return session === null ? [] : [{ session, labels: [...set].sort((a, b) => a - b) }];
  });
};

/**
 * Which end of the bar the labels name: a day's first label tells (09:15 starts the first minute, 09:16 ends it, or starts
 * the second where the day's last bar is labelled with its start), or its last one at the close. A file that shows neither is read as the brokers' histories are: by the start.
 */
export const detectLabels = (days: readonly LabelDay[], from: Timeframe): { kind: LabelKind; because: string } => {
  let start = 0;
  let end = 0;
  for (const { session, labels } of days) {
    const inside = labels.filter((label) => label >= session.open && label <= session.close);
    if (inside[0] === session.open) start++;
    else if (inside[0] === session.open + from.lengthMs && inside.at(-1) !== session.close - from.lengthMs) end++;
  }
  if (start === 0 && end === 0) {
    if (days.some(({ session, labels }) => labels.includes(session.close))) return { kind: "end", because: "a bar is labelled with the close" };
    return { kind: "start", because: "no day shows its first or last bar" };
  }
  return start >= end ? { kind: "start", because: "days begin at the open" } : { kind: "end", because: `days begin ${from.name} after the open` };
};

/** Start of the bar a label names; null when it lies outside the session. */
export const startOf = (label: number, kind: LabelKind, session: Session, from: Timeframe): number | null => {
  if (from.kind !== "intraday") return session.open;
  const inside = kind === "start" ? label : label - 1;
  return inside < session.open || inside >= session.close ? null : kind === "start" ? label : barStart(session, from, inside);
};

/** Throws `bad_input` for `field` when the rows do not stand as far apart as bars of `from` do. */
export const checkSpacing = (days: readonly LabelDay[], from: Timeframe, field: string): void => {
  if (from.kind !== "intraday") {
    const crowded = days.find(({ labels }) => labels.length > 1);
    if (crowded !== undefined) throw badInput(field, from.name, `${spacingName(spacings(days))}: several rows have one date`);
    return;
  }
  const counts = spacings(days);
  const least = Math.min(...counts.keys());
  // Quiet instruments lack bars: one pair at the right distance is enough, none closer may be.
  if (counts.size > 0 && least !== from.lengthMs) throw badInput(field, from.name, `${spacingName(counts)}, as far as the rows stand apart`);
  if (counts.size === 0 && days.length > 1) throw badInput(field, from.name, "1d: every row has a date of its own");
};

/** How often two neighbouring labels of a session stand so far apart, in ms; a session's last bar may be short. */
const spacings = (days: readonly LabelDay[]): Map<number, number> => {
  const counts = new Map<number, number>();
  for (const { session, labels } of days) {
    const inside = labels.filter((label) => label >= session.open && label <= session.close);
    for (let at = 1; at < inside.length; at++) {
      const apart = inside[at]! - inside[at - 1]!;
      if (inside[at] === session.close && at > 1 && apart < inside[at - 1]! - inside[at - 2]!) continue;
      counts.set(apart, (counts.get(apart) ?? 0) + 1);
    }
  }
  return counts;
};

const spacingName = (counts: ReadonlyMap<number, number>): string => {
  const usual = [...counts].sort((a, b) => b[1] - a[1])[0]?.[0];
  return timeframes.find(({ kind, lengthMs }) => kind === "intraday" && lengthMs === usual)?.name ?? `${(usual ?? 0) / 1_000} seconds (no timeframe of ours)`;
};
