import type { FeedDefinition } from "@/server/ports/feed";

/** States a broker; what is secret, and what people are asked for, are fields of its login. */
export const defineFeed = <Login>(
  definition: FeedDefinition<Login> & { secretFields: readonly (keyof Login & string)[] },
): FeedDefinition<Login> => definition;
