import type { CollectorRow, CollectorState, FeedState } from "@/server/domain/ticks/collector";
import type { HoursKey } from "@/server/domain/time/session";
import type { FeedDefinition } from "@/server/ports/feed";
import type { DayList } from "./broker-lists";
import type { BrokerSaid } from "./broker-said";
import type { FeedPace } from "./feed-pace";
import type { StampLag } from "./stamp-lag";

/** A collector at work. */
export interface Running {
  row: CollectorRow;
  feed: FeedDefinition;
  login: unknown;
  simulated: boolean;
  instruments: readonly number[];
  /** The same to be asked for one, and the hours they trade in. */
  wanted: ReadonlySet<number>;
  hours: readonly HoursKey[];
  /** Subscribed names that today's list does not have. */
  missing: string[];
  list: DayList;
  /** When the list is asked for again; null while it is being asked. */
  nextList: number | null;
  /** The maintained connection; `again` reconnects. Null before the first. */
  link: { refresh(): void; again(): void } | null;
  /** Aborts when the login is replaced, and is replaced then itself. */
  renewal: AbortController;
  lag: StampLag;
  said: BrokerSaid;
  phase: CollectorState;
  reason: string;
  expired: boolean;
  /** What a recording said at its end. */
  ended: string | null;
  attempt: number;
  nextAttempt: number | null;
  connects: number;
  connectedAt: number | null;
  /** When the feed went silent: the next fill begins there. */
  lostAt: number | null;
  /** The last tick before a silence the market does not explain; null while ticks come. */
  mutedFrom: number | null;
  lastTick: number | null;
  pace: FeedPace;
  state: FeedState;
  since: number;
  stop: AbortController;
}
