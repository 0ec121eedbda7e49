import type { FeedDefinition } from "@/server/ports/feed";

/** Feeds by the number of their collector, which every tick carries. Collectors enter it; whoever reads packets looks here. */
export class FeedNumbers {
  private readonly feeds: FeedDefinition[] = [];

  /** Enters a collector's feed and returns its number, dense from 0. */
  enter(feed: FeedDefinition): number {
    return this.feeds.push(feed) - 1;
  }
  feedAt(number: number): FeedDefinition | undefined {
    return this.feeds[number];
  }
  /** Vendor of a collector's tokens: its feed's id. */
  vendor(number: number): string | undefined {
    return this.feeds[number]?.id;
  }
}
