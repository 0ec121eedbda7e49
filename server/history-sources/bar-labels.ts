/** The meaning of a bar file's labels: which end of the bar they name, and their spacing. */
import { barStart } from "@/server/domain/bars/bar-time";
import { badInput } from "@/server/domain/basics/errors";
import {
  type Calendar,
  DAY_MS,
  type HoursKey,
  IST_OFFSET_MS,
  istDay,
  type Session,
} from "@/server/domain/time/session";
import { type AnyTimeframe, timeframes } from "@/server/domain/time/timeframe";

export type LabelKind = "start" | "end";

/** A label in the last second of a minute (`09:15:59`) can only name the end of a bar: that is its edge. */
const MINUTE_MS = 60_000;
const LAST_SECOND_MS = 59_000;
const isLastSecond = (label: number, from: AnyTimeframe): boolean =>
  from.lengthMs % MINUTE_MS === 0 && label % MINUTE_MS >= LAST_SECOND_MS;

/** A label's position: itself, or the end of the minute if it names that minute's last second. */
const edgeOf = (label: number, from: AnyTimeframe): number =>
  isLastSecond(label, from) ? Math.ceil(label / MINUTE_MS) * MINUTE_MS : label;

/** True if a label of a session is the start or end of one of its bars; labels outside are not bars anyway. */
export const isOnGrid = (label: number, session: Session, from: AnyTimeframe): boolean => {
  if (from.kind !== "intraday") return true;
  const edge = edgeOf(label, from);
  return edge <= session.open || edge >= session.close || barStart(session, from, edge) === edge;
};

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
  return [...days]
    .sort(([a], [b]) => a - b)
    .flatMap(([day, set]) => {
      const session = calendar.on(hours, day);
      return session === null ? [] : [{ session, labels: [...set].sort((a, b) => a - b) }];
    });
};

/**
 * Which end of the bar the labels name, if days show it: a label at the open starts the first bar, one at the close
 * ends the last. Null if no day shows either, or days contradict each other: a quiet first minute looks like end
 * labels.
 */
export const detectLabels = (
  days: readonly LabelDay[],
  from: AnyTimeframe,
): { kind: LabelKind; because: string } | null => {
  if (days.length > 0 && days.every(({ labels }) => labels.every((label) => isLastSecond(label, from))))
    return { kind: "end", because: "times are in the last second of a bar" };
  let starts = 0;
  let ends = 0;
  for (const { session, labels } of days) {
    // A bar that ends at the open would be before it; one that starts at the close, after it.
    if (labels.includes(session.open)) starts++;
    else if (endsWithClose(session, labels, from)) ends++;
  }
  // Prints of the close that follow bars by their start are no bars by their end.
  if (starts > 0 && starts >= ends) return { kind: "start", because: "days begin at the open" };
  if (ends > 0 && starts === 0) return { kind: "end", because: "days begin after the open and end at the close" };
  return null;
};

/**
 * Does a date without a bar at the open have one that ends with the session? One row of the closing second may be a
 * print of the close after start-labelled bars; only if nearly every bar is adjacent to the previous one is the last
 * one a bar too. If a closing auction follows, a row at its beginning or end may also be the auction by its start; then
 * every bar before it must be present.
 */
const endsWithClose = (session: Session, labels: readonly number[], from: AnyTimeframe): boolean => {
  const collected = session.phases.findLast(({ phase }) => phase === "closing_auction");
  const inside = labels.filter((label) => label > session.open && label <= (collected?.to ?? session.close));
  const last = inside.at(-1);
  if (collected === undefined) {
    const beside = inside.filter((label, at) => at > 0 && barStart(session, from, label - 1) === inside[at - 1]).length;
    return (
      last === session.close &&
      inside.length > 1 &&
      beside >=
        (inside.length - 1) * (barStart(session, from, inside[0]! - 1) === session.open ? DENSE_FROM_OPEN : DENSE)
    );
  }
  return (
    (last === session.close || last === collected.to) &&
    inside.length === Math.ceil((last - session.open) / from.lengthMs)
  );
};

/**
 * Fraction of a day's bars that must be adjacent to the previous one; less if the first bar of the session is present.
 */
const DENSE = 0.8;
const DENSE_FROM_OPEN = 0.5;

/** Start of the bar a label names; null outside the session. */
export const startOf = (label: number, kind: LabelKind, session: Session, from: AnyTimeframe): number | null => {
  if (from.kind !== "intraday") return session.open;
  const inside = kind === "start" ? label : label - 1;
  return inside < session.open || inside >= session.close ? null : barStart(session, from, inside);
};

/** A date that occurs in two rows of days. */
export interface DoubledDate {
  first: number;
  second: number;
}

/**
 * Two rows of days with the same date in their labels; null if there are none. Equal labels are one row written twice,
 * and the last one applies.
 */
export const doubledDate = (days: readonly LabelDay[]): DoubledDate | null => {
  const crowded = days.filter(({ labels }) => labels.length > 1);
  // Many rows a date are bars of another timeframe.
  if (crowded.length === 0 || crowded.some(({ labels }) => labels.length > 2)) return null;
  return { first: crowded[0]!.labels[0]!, second: crowded[0]!.labels[1]! };
};

/**
 * Throws `bad_input` for `field` if the rows are not spaced as bars of `from`. An instrument that seldom trades may
 * lack any bar, so rows further apart are refused only if they are neighbours in a longer timeframe. `sure`: then they
 * are not. `refused`: number of rows missing because they were unreadable.
 */
export const checkSpacing = (
  days: readonly LabelDay[],
  from: AnyTimeframe,
  field: string,
  sure = false,
  refused = 0,
): void => {
  const counts = spacings(days);
  if (from.kind !== "intraday") {
    if ((!sure && days.some(({ labels }) => labels.length > 1)) || days.some(({ labels }) => labels.length > 2))
      throw badInput(field, from.name, `${spacingName(counts)}: several rows share a date`);
    return;
  }
  const least = Math.min(...counts.keys());
  if (counts.size > 0 && least < from.lengthMs && (!sure || usualSpacing(days)! < from.lengthMs))
    throw badInput(field, from.name, `${spacingName(counts)}, from the spacing of the rows`);
  if (sure) return;
  if (counts.size === 0) {
    // One bar a day at one time of day: a day's bars, unless it is a rare trade at the open of two days.
    const clocks = new Set(days.map(({ labels }) => (labels[0]! + IST_OFFSET_MS) % DAY_MS));
    const traded = days.some(({ session, labels }) => labels[0]! >= session.open && labels[0]! < session.close);
    if (clocks.size === 1 && days.length > (traded ? 2 : 1))
      throw badInput(field, from.name, "1d: every row has a date of its own");
    return;
  }
  const usual = [...counts].sort((a, b) => b[1] - a[1])[0]!;
  const all = [...counts.values()].reduce((sum, count) => sum + count, 0);
  const inStep =
    [...counts.keys()].every((apart) => apart % least === 0) &&
    timeframes.some(({ kind, lengthMs }) => kind === "intraday" && lengthMs === least);
  if (least > from.lengthMs && inStep && usual[0] === least && usual[1] * 2 > all && refused < all) {
    throw badInput(
      field,
      from.name,
      `${spacingName(counts)}, from the spacing of the rows (--lenient, if they are ${from.name} bars and most are missing)`,
    );
  }
};

/** The usual spacing of neighbouring rows of a session, in ms; null if no session has two. */
export const usualSpacing = (days: readonly LabelDay[]): number | null =>
  [...spacings(days)].sort((a, b) => b[1] - a[1] || a[0] - b[0])[0]?.[0] ?? null;

/** How often two neighbouring labels of a session have this spacing, in ms; a session's last bar may be short. */
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
  return (
    timeframes.find(({ kind, lengthMs }) => kind === "intraday" && lengthMs === usual)?.name ??
    `${(usual ?? 0) / 60_000}m`
  );
};
