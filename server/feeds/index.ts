import { AppError } from "@/server/domain/basics/errors";
import type { FeedDefinition } from "@/server/ports/feed";
import { kite } from "./kite";

/** Every broker there is: a broker is a folder and a line here. Parse a login by the feed's own schema before handing it over. */
export const feeds: readonly FeedDefinition[] = [kite];

/** The broker whose protocol the simulated exchange speaks, and its login on a port of this machine. */
export const simulatedLogin = (port: number): { feed: string; login: Record<string, string> } => {
  for (const { id, simulated } of feeds) if (simulated !== undefined) return { feed: id, login: simulated(port) };
  throw new AppError("unsupported", "no feed speaks the simulated exchange's protocol");
};

/** The feed of an id, or `not_found` naming those there are. */
export const feedOf = (id: string, among: readonly FeedDefinition[] = feeds): FeedDefinition => {
  const found = among.find((feed) => feed.id === id);
  if (found === undefined) {
    throw new AppError("not_found", `no feed "${id}"`, {
      details: { field: "feed", value: id, accepted: among.map((feed) => feed.id).join(", ") },
    });
  }
  return found;
};
