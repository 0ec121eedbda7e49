import { AppError } from "@/server/domain/errors";
import type { AnyFeed } from "./define";
import { kite } from "./kite";

/** Every broker there is: a broker is a folder and a line here. */
export const feeds: readonly AnyFeed[] = [kite];

/** The feed of an id, or `not_found` naming those there are. */
export const feedOf = (id: string, among: readonly AnyFeed[] = feeds): AnyFeed => {
  const found = among.find((feed) => feed.id === id);
  if (found === undefined) {
    throw new AppError("not_found", `no feed "${id}"`, { details: { field: "feed", value: id, accepted: among.map((feed) => feed.id).join(", ") } });
  }
  return found;
};
