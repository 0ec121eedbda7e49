import type { FeedDefinition } from "@/server/ports/feed";

/** States a broker; its `login` schema gives every other part its type. */
export const defineFeed = <Login>(definition: FeedDefinition<Login>): FeedDefinition<Login> => definition;

/** A broker whose login is known only at run time: parse it by the feed's own `login` schema before handing it over. */
export type AnyFeed = Omit<FeedDefinition, "secretFields"> & { secretFields: readonly string[] };
