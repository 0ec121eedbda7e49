import type { FeedDefinition } from "@/server/ports/feed";

/** States a broker; secret fields are names of its login. */
export const defineFeed = <Login>(
  definition: FeedDefinition<Login> & { secretFields: readonly (keyof Login & string)[] },
): FeedDefinition<Login> => definition;
