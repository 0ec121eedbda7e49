import type { z } from "zod";
import { type Workspace, workspace, workspaceIndicator } from "@/server/contract/rest";
import { byName, readRows, readStored, type Unreadable } from "@/server/ports/stored";

/** The contract's maximum. */
const MOST_INDICATORS = 24;
const { key, timeframe, watchlist, rightDock, scale } = workspace.shape;

/**
 * The workspace as saved; an unreadable part has its default. Null if none was saved. A key that is no longer listed
 * (an expired contract, a typo) is replaced by the first instrument; if nothing is listed yet there is no `first`, and
 * the saved key stays.
 */
export const keptWorkspace = (
  value: unknown,
  first: string | null,
  isListed: (key: string) => boolean,
  unreadable?: Unreadable,
): Workspace | null => {
  const kept = readStored("setting workspace", value, byName, unreadable);
  if (kept === null) return null;
  const part = <T>(name: keyof Workspace, schema: z.ZodType<T>, otherwise: T): T => {
    const what = `setting workspace, ${name}`;
    if (kept[name] === null || kept[name] === undefined) unreadable?.(what, "it is missing");
    return readStored(what, kept[name], schema, unreadable) ?? otherwise;
  };
  const saved = part("key", key, first ?? "");
  return {
    key: first === null || isListed(saved) ? saved : first,
    timeframe: part("timeframe", timeframe, "5m"),
    watchlist: part("watchlist", watchlist, ""),
    indicators: readRows("setting workspace, indicators", kept["indicators"], workspaceIndicator, unreadable).slice(
      0,
      MOST_INDICATORS,
    ),
    rightDock: part("rightDock", rightDock, { open: true, width: 320 }),
    scale: part("scale", scale, { mode: "normal", auto: true, inverted: false }),
  };
};
