import { type MalformedLine, placeText } from "@/server/files/doubt";

/** So many malformed lines are printed one by one; the rest is counted. */
const SHOWN = 100;

/** `FILE:LINE: reason`, as editors open it. */
export const malformedText = ({ file, line, unit, reason }: MalformedLine): string =>
  `${placeText(file, line, unit)}: ${reason}`;

export const malformedLines = (malformed: readonly MalformedLine[]): string[] => [
  ...malformed.slice(0, SHOWN).map(malformedText),
  ...(malformed.length > SHOWN ? [`… and ${malformed.length - SHOWN} more malformed lines`] : []),
];

/** `3 outside session, 1 duplicate`; empty when nothing was refused. */
export const countsText = (counts: Readonly<Record<string, number>>): string =>
  Object.entries(counts)
    .filter(([, count]) => count > 0)
    .map(([reason, count]) => `${count} ${reason.replaceAll("_", " ")}`)
    .join(", ");

/** `1 row`, `2 rows`. */
export const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? "" : "s"}`;
