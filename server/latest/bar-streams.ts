import type { Redis } from "ioredis";
import { setTimeout as wait } from "node:timers/promises";
import { names } from "./wire";

/** An entry of a bar stream. `text`: the bar as JSON, see `wire.ts`. */
export interface StreamEntry {
  stream: string;
  id: string;
  text: string;
}

export interface BarStreamsOptions {
  /** A connection of its own: reading blocks it. */
  client: Redis;
  prefix: string;
  timeframes: readonly string[];
  /** Instruments by key; null: every stream there is, also those that begin later. */
  keys: readonly string[] | null;
  /**
   * Entries after this id: `0` for all stored ones, `$` for new ones only. An existing group continues where it was.
   */
  from: string;
  group?: ConsumerGroup | undefined;
  /** Ends when nothing more is there at this moment. */
  once?: boolean;
  /** Entries that were delivered to a consumer of the group and trimmed from the stream before it acknowledged them. */
  lost?: (stream: string, ids: readonly string[]) => void;
}

/** Consumers of a group share the entries; unacknowledged entries of a dead one go to the others. */
export interface ConsumerGroup {
  name: string;
  consumer: string;
  /** Entries another consumer has held unacknowledged for this long are taken over, ms. */
  reclaimAfterMs: number;
}

const PAGE_ENTRIES = 500;
const BLOCK_MS = 1_000;
/** For the answer and the acknowledgement of a read that was under way when it was asked to end. */
const LEAVE_MS = 500;
const DISCOVER_MS = 5_000;
const SCAN_KEYS = 1_000;

type RawEntry = [id: string, fields: string[] | null];
type RawStreams = [stream: string, entries: RawEntry[]][] | null;
type Pipeline = ReturnType<Redis["pipeline"]>;

/**
 * Reads closed bars and patches from Redis in batches: first stored ones after `from`, then new ones. Order holds
 * within a stream. In a group, a batch is acknowledged when the next one is requested, so the batch of a dead reader is
 * delivered again: at least once. Ends when `signal` aborts; rejects with Redis' error.
 */
export async function* followBars(
  options: BarStreamsOptions,
  signal: AbortSignal,
): AsyncGenerator<StreamEntry[], void, void> {
  const { client } = options;
  // A read ends early enough to acknowledge its entries; one that waits for an unavailable Redis does not.
  let late: ReturnType<typeof setTimeout> | undefined;
  const leave = (): void => {
    late = setTimeout(() => client.disconnect(), BLOCK_MS + LEAVE_MS);
  };
  signal.addEventListener("abort", leave, { once: true });
  try {
    yield* options.group === undefined ? alone(options, signal) : grouped(options, options.group, signal);
  } catch (error) {
    if (!signal.aborted) throw error; // the abort has cut a wait short
  } finally {
    clearTimeout(late);
    signal.removeEventListener("abort", leave);
  }
}

async function* alone(options: BarStreamsOptions, signal: AbortSignal): AsyncGenerator<StreamEntry[], void, void> {
  const { client, once = false } = options;
  const last = new Map<string, string>();
  const discover = discovery(options, async (fresh, first) => {
    const ids =
      options.from === "$" && first
        ? await newestIds(client, fresh)
        : fresh.map(() => (options.from === "$" ? "0" : options.from));
    fresh.forEach((stream, at) => last.set(stream, ids[at]!));
  });
  while (!signal.aborted) {
    await discover();
    if (last.size === 0) {
      if (once) return;
      await wait(BLOCK_MS, undefined, { signal });
      continue;
    }
    const asked = ["STREAMS", ...last.keys(), ...last.values()] as const;
    const answer: RawStreams = await (once
      ? client.xread("COUNT", PAGE_ENTRIES, ...asked)
      : client.xread("COUNT", PAGE_ENTRIES, "BLOCK", BLOCK_MS, ...asked));
    if (answer === null) {
      if (once) return;
      continue;
    }
    for (const [stream, entries] of answer) last.set(stream, entries.at(-1)![0]);
    yield inOrder(answer);
  }
}

async function* grouped(
  options: BarStreamsOptions,
  group: ConsumerGroup,
  signal: AbortSignal,
): AsyncGenerator<StreamEntry[], void, void> {
  const { client, once = false } = options;
  let streams: string[] = [];
  const create = async (fresh: readonly string[], from: string): Promise<void> => {
    const results = await run(
      fresh.reduce(
        (line: Pipeline, stream) => line.xgroup("CREATE", stream, group.name, from, "MKSTREAM"),
        client.pipeline(),
      ),
    );
    for (const error of results) if (error instanceof Error && !error.message.startsWith("BUSYGROUP")) throw error;
  };
  const discover = discovery(options, async (fresh, first) => {
    await create(fresh, options.from === "$" && !first ? "0" : options.from);
    streams = [...streams, ...fresh];
  });
  /** Returns the entries to deliver; entries deleted from the stream are acknowledged at once and reported. */
  const sorted = async (answer: RawStreams): Promise<StreamEntry[]> => {
    for (const [stream, entries] of answer ?? []) {
      const gone = entries.filter(([, fields]) => fields === null || fields.length === 0).map(([id]) => id);
      if (gone.length === 0) continue;
      await client.xack(stream, group.name, ...gone);
      options.lost?.(stream, gone);
    }
    return inOrder(answer);
  };
  const acknowledge = async (batch: readonly StreamEntry[]): Promise<void> => {
    const byStream = new Map<string, string[]>();
    for (const { stream, id } of batch) byStream.set(stream, [...(byStream.get(stream) ?? []), id]);
    const line = client.pipeline();
    for (const [stream, ids] of byStream) line.xack(stream, group.name, ...ids);
    for (const error of await run(line)) if (error instanceof Error) throw error;
  };
  const read = async (after: readonly string[], block: boolean): Promise<RawStreams> => {
    try {
      const asked = ["STREAMS", ...streams, ...after] as const;
      const member = ["GROUP", group.name, group.consumer, "COUNT", PAGE_ENTRIES] as const;
      return (await (block
        ? client.xreadgroup(...member, "BLOCK", BLOCK_MS, ...asked)
        : client.xreadgroup(...member, ...asked))) as RawStreams;
    } catch (error) {
      // Somebody emptied Redis. What is in the streams now came after that.
      if (!(error as Error).message.startsWith("NOGROUP")) throw error;
      await create(streams, "0");
      return null;
    }
  };
  /** What others left: a page of each stream, until none has more. */
  const reclaim = async function* (): AsyncGenerator<StreamEntry[], void, void> {
    let open = streams.map((stream) => ({ stream, cursor: "0-0" }));
    while (open.length > 0 && !signal.aborted) {
      const results = await run(
        open.reduce(
          (line: Pipeline, { stream, cursor }) =>
            line.xautoclaim(stream, group.name, group.consumer, group.reclaimAfterMs, cursor, "COUNT", PAGE_ENTRIES),
          client.pipeline(),
        ),
      );
      const claimed: [string, RawEntry[]][] = [];
      const next: typeof open = [];
      for (const [at, result] of results.entries()) {
        if (result instanceof Error) {
          if (result.message.startsWith("NOGROUP")) continue; // the next read makes it again
          throw result;
        }
        const [cursor, entries, trimmed = []] = result as [string, RawEntry[], string[] | undefined];
        const { stream } = open[at]!;
        if (trimmed.length > 0) options.lost?.(stream, trimmed);
        claimed.push([stream, entries]);
        if (cursor !== "0-0") next.push({ stream, cursor });
      }
      open = next;
      const batch = await sorted(claimed);
      if (batch.length > 0) yield batch;
    }
  };

  let ownFirst = true;
  let reclaimAt = 0;
  // A response lost with the connection is in our own list of unacknowledged entries.
  const onReady = (): void => {
    ownFirst = true;
  };
  client.on("ready", onReady);
  try {
    while (!signal.aborted) {
      await discover();
      if (streams.length === 0) {
        if (once) return;
        await wait(BLOCK_MS, undefined, { signal });
        continue;
      }
      if (ownFirst) {
        ownFirst = false;
        // Acknowledged entries leave the list, so that its beginning is always the next page.
        for (;;) {
          const answer = await read(
            streams.map(() => "0"),
            false,
          );
          const batch = await sorted(answer);
          if (batch.length > 0) {
            yield batch;
            await acknowledge(batch);
          }
          if (answer === null || answer.every(([, entries]) => entries.length < PAGE_ENTRIES)) break;
        }
      }
      if (performance.now() >= reclaimAt) {
        reclaimAt = performance.now() + Math.max(BLOCK_MS, group.reclaimAfterMs / 2);
        for await (const batch of reclaim()) {
          yield batch;
          await acknowledge(batch);
        }
      }
      const answer = await read(
        streams.map(() => ">"),
        !once,
      );
      if (answer === null) {
        if (once) return;
        continue;
      }
      const batch = await sorted(answer);
      yield batch;
      await acknowledge(batch);
    }
  } finally {
    client.off("ready", onReady);
  }
}

/** Returns a function that looks for new streams, at most every few seconds, and passes them to `found`. */
const discovery = (
  { client, prefix, timeframes, keys }: BarStreamsOptions,
  found: (fresh: string[], first: boolean) => Promise<void>,
): (() => Promise<void>) => {
  const known = new Set<string>();
  const { barStream } = names(prefix);
  let next = Number.NEGATIVE_INFINITY;
  let first = true;
  return async () => {
    const now = performance.now();
    if (now < next) return;
    next = keys === null ? now + DISCOVER_MS : Number.POSITIVE_INFINITY;
    const there =
      keys === null
        ? await streamsOf(
            client,
            timeframes.map((timeframe) => barStream(timeframe, "")),
          )
        : timeframes.flatMap((timeframe) => keys.map((key) => barStream(timeframe, key)));
    const fresh = there.filter((stream) => !known.has(stream));
    for (const stream of fresh) known.add(stream);
    if (fresh.length > 0) await found(fresh, first);
    first = false;
  };
};

/** Streams whose names begin so, sorted. */
const streamsOf = async (client: Redis, beginnings: readonly string[]): Promise<string[]> => {
  const there = new Set<string>();
  for (const beginning of beginnings) {
    let cursor = "0";
    do {
      const [next, page] = await client.scan(
        cursor,
        "MATCH",
        `${beginning.replace(/[\\*?[\]]/g, "\\$&")}*`,
        "COUNT",
        SCAN_KEYS,
        "TYPE",
        "stream",
      );
      for (const name of page) there.add(name);
      cursor = next;
    } while (cursor !== "0");
  }
  return [...there].sort();
};

const newestIds = async (client: Redis, streams: readonly string[]): Promise<string[]> => {
  const results = await run(
    streams.reduce((line: Pipeline, stream) => line.xrevrange(stream, "+", "-", "COUNT", 1), client.pipeline()),
  );
  return results.map((result) => {
    if (result instanceof Error) throw result;
    return (result as RawEntry[])[0]?.[0] ?? "0";
  });
};

/** Results or errors of a pipeline's commands, in their order. */
const run = async (line: Pipeline): Promise<unknown[]> =>
  ((await line.exec()) ?? []).map(([error, result]) => error ?? result);

/** As they were added, over all streams of an answer; entries that are gone are left out. */
const inOrder = (answer: RawStreams): StreamEntry[] => {
  const entries = (answer ?? []).flatMap(([stream, rows]) =>
    rows.flatMap(([id, fields]) => (fields === null || fields.length === 0 ? [] : [{ stream, id, text: fields[1]! }])),
  );
  const place = (id: string): [number, number] => {
    const [ms, count] = id.split("-");
    return [Number(ms), Number(count)];
  };
  return entries
    .map((entry) => ({ entry, at: place(entry.id) }))
    .sort((a, b) => a.at[0] - b.at[0] || a.at[1] - b.at[1])
    .map(({ entry }) => entry);
};
