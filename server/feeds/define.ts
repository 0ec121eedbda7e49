import type { FeedDefinition } from "@/server/ports/feed";

/** States a broker; its `login` schema gives every other part its type. */
export const defineFeed = <Login>(definition: FeedDefinition<Login>): FeedDefinition<Login> => definition;
