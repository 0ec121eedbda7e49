import { feedSuite, type FeedStand } from "@/server/testing/feed-suite";
import { tiny } from "@/server/testing/tiny-broker";
import { tinyStand } from "@/server/testing/tiny-broker/stand";
import { feeds } from ".";

for (const feed of feeds)
  feedSuite(feed, async () => {
    const { stand } = (await import(`../testing/feed-stands/${feed.id}.ts`)) as { stand(): Promise<FeedStand> };
    return stand();
  });

// The recipe of a new broker, followed: one folder, and a line that stands here and not in the registry.
feedSuite(tiny, tinyStand);
