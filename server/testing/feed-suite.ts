/**
 * The contract of every feed. `registrySuite` and `feedSuite` run over each entry of the registry
 * (`feeds/contract.test.ts`, `feeds/contract.int.test.ts`), so a new broker is tested through its line there. A feed is
 * driven through a stand-in for its broker: `testing/feed-stands/<id>.ts`.
 */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { listingFault } from "@/server/domain/instruments/broker-list";
import { Book } from "@/server/domain/ticks/order-book";
import { DAY_MS, istMidnight, istDay } from "@/server/domain/time/session";
import { timeframes, type TimeframeName } from "@/server/domain/time/timeframe";
import type { FeedEvent, RawBatch, RawMessage } from "@/server/domain/ticks/tick";
import { keepConnected, type LinkState } from "@/server/feeds/reconnect";
import { systemClock } from "@/server/observe/clock";
import { type FeedConnection, type FeedDefinition, requiredFields } from "@/server/ports/feed";

/** A broker to be spoken to in a test: it lists at least three instruments that tick by themselves, and serves history. */
export interface FeedStand {
  /** A login that works, every secret field with a value of its own. */
  login: Record<string, string>;
  /** The same with a secret the broker refuses. */
  refused: Record<string, string>;
  /** A login to an address without a server. */
  nowhere: Record<string, string>;
  /** Tokens that were subscribed and unsubscribed by clients, in order, since this was asked last. */
  asked(): Promise<{ added: number[]; removed: number[] }>;
  /** Ends every connection. */
  drop(): Promise<void>;
  stop(): Promise<void>;
}

/** What holds of the registry as a whole, and of each definition without a broker. */
export const registrySuite = (feeds: readonly FeedDefinition[]): void => {
  describe("the registry of feeds", () => {
    const twice = (values: readonly string[]): string[] => values.filter((each, at) => values.indexOf(each) !== at);

    it("names each feed, and each variable of a login, once", () => {
      expect(twice(feeds.map(({ id }) => id))).toEqual([]);
      expect(twice(feeds.flatMap(({ loginFields }) => loginFields.map(({ env }) => env)))).toEqual([]);
    });

    it("has one feed at most that speaks the simulated exchange's protocol", () =>
      expect(feeds.filter(({ simulated }) => simulated !== undefined).length).toBeLessThanOrEqual(1));
  });

  describe.each(feeds.map((feed) => [feed.id, feed] as const))("the definition of %s", (id, feed) => {
    const fields = feed.loginFields.map(({ field }) => field);

    it("has an id that is fit for a variable, a collector's name and a folder, and a title", () => {
      expect(id).toMatch(/^[a-z][a-z0-9]{1,15}$/);
      expect(feed.title).not.toBe("");
      for (const { env, title, means } of feed.loginFields) {
        expect(env).toMatch(new RegExp(`^${id.toUpperCase()}_[A-Z0-9_]+$`));
        expect(title).not.toBe("");
        expect(means).not.toBe("");
      }
    });

    it("asks people for every field it cannot do without, and for no field its login does not have", () => {
      expect(requiredFields(feed).filter((field) => !fields.includes(field))).toEqual([]);
      for (const field of fields) {
        const wrong = feed.login.safeParse({ [field]: { not: "a text" } });
        expect(
          wrong.error?.issues.map(({ path }) => path[0]),
          field,
        ).toContain(field);
      }
    });

    it("has no secret that people are not asked for by a hidden field, and nothing daily that is no secret", () => {
      for (const { field, daily } of feed.loginFields)
        if (daily === true) expect(feed.secretFields, field).toContain(field);
    });

    it("states limits a connection can be held to", () => {
      const { instrumentsPerConnection, connections } = feed.limits;
      for (const limit of [instrumentsPerConnection, connections])
        expect(Number.isInteger(limit) && limit > 0).toBe(true);
      const { requestsPerSecond, daysPerRequest } = feed.history;
      expect(requestsPerSecond).toBeGreaterThan(0);
      for (const [name, days] of Object.entries(daysPerRequest)) {
        expect(timeframes.map((each) => each.name)).toContain(name);
        expect(Number.isInteger(days) && days > 0, name).toBe(true);
      }
    });

    it("logs in to the simulated exchange with a login its own schema takes", () => {
      if (feed.simulated !== undefined) expect(feed.login.safeParse(feed.simulated(9_001)).success).toBe(true);
    });
  });
};

type Told = FeedEvent | RawBatch;

/** A batch as it was when it was handed over: the feed uses its arrays again. */
const copyOf = (message: RawMessage): Told =>
  message.kind !== "ticks"
    ? message
    : {
        ...message,
        frame: message.frame === null ? null : new Uint8Array(message.frame),
        token: message.token.slice(),
        price: message.price.slice(),
        volume: message.volume.slice(),
        exchangeTime: message.exchangeTime.slice(),
        openInterest: message.openInterest.slice(),
        offset: message.offset.slice(),
      };

/** Everything a person or a log could get to see of an error. */
const wordsOf = (error: unknown): string => {
  const { message, stack, details, cause } = error as Error & { details?: unknown };
  return [message, stack, JSON.stringify(details), cause === undefined ? "" : wordsOf(cause)].join("\n");
};

const COLLECTOR = 3;
/** Ticks and history of one instrument are of one scale if they are less than this apart: a wrong one is off by ten or more. */
const ALIKE = 2;

/** What holds of a feed that speaks to its broker. */
export const feedSuite = (feed: FeedDefinition, open: () => Promise<FeedStand>): void => {
  describe(`the feed ${feed.id}`, () => {
    let stand: FeedStand;
    let login: unknown;
    let tokens: number[];
    /** Everything that was said or thrown: none of it may hold a secret. */
    const words: string[] = [];
    let told: Told[];
    let rejects: string[];
    let stop: AbortController;
    const signal = AbortSignal.timeout(600_000);

    beforeAll(async () => {
      stand = await open();
      login = feed.login.parse(stand.login);
      const { listed } = await feed.instruments(login, signal);
      tokens = listed.slice(0, 3).map(({ token }) => token);
    });
    afterAll(() => stand?.stop());
    beforeEach(async () => {
      [told, rejects, stop] = [[], [], new AbortController()];
      await stand.asked();
    });
    afterEach(() => stop.abort(new Error("the test is over")));

    const options = () => ({
      collector: COLLECTOR,
      now: () => Date.now(),
      onMessage: (message: RawMessage) => {
        if (message.kind !== "ticks") words.push(message.detail);
        told.push(copyOf(message));
      },
      onReject: (reason: string) => rejects.push(reason),
      signal: stop.signal,
    });
    const batches = (): RawBatch[] => told.filter((each): each is RawBatch => each.kind === "ticks");
    const seen = (of: readonly RawBatch[]): Set<number> =>
      new Set(of.flatMap(({ token, length }) => [...token.subarray(0, length)]));
    const connected = (): Promise<FeedConnection> => feed.connect(login, options());
    const failure = async (attempt: Promise<unknown>): Promise<Error & { code?: string; retryable?: boolean }> => {
      const error = await attempt.then(
        () => {
          throw new Error("it was expected to fail");
        },
        (cause: unknown) => cause as Error,
      );
      words.push(wordsOf(error));
      return error;
    };
    /** Ticks of the three instruments, as they come in mode full. */
    const ticking = async (): Promise<FeedConnection> => {
      const connection = await connected();
      connection.subscribe(tokens, "full");
      await vi.waitFor(() => expect([...seen(batches())].sort()).toEqual([...tokens].sort()), { timeout: 20_000 });
      return connection;
    };

    it("lists instruments that can be taken, each token once", async () => {
      const { listed, leftOut } = await feed.instruments(login, signal);
      expect(listed.length).toBeGreaterThanOrEqual(3);
      expect(listed.map(listingFault).filter((fault) => fault !== null)).toEqual([]);
      for (const { token, wireDivisor } of listed) {
        expect(Number.isInteger(token) && token > 0 && token <= 0xffffffff, String(token)).toBe(true);
        expect(Number.isInteger(Math.log10(wireDivisor)), String(wireDivisor)).toBe(true);
      }
      expect(new Set(listed.map(({ token }) => token)).size).toBe(listed.length);
      for (const { reason, count, examples } of leftOut) {
        expect(reason).not.toBe("");
        expect(count).toBeGreaterThan(0);
        expect(examples.length).toBeGreaterThan(0);
      }
    });

    it("checks a login, and says login_expired of one the broker refuses, wherever it is used", async () => {
      if (feed.check !== undefined) await feed.check(login, signal);
      const refused = feed.login.parse(stand.refused);
      for (const attempt of [
        () => feed.connect(refused, options()),
        () => feed.instruments(refused, signal),
        ...(feed.check === undefined ? [] : [() => feed.check!(refused, signal)]),
      ])
        expect(await failure(attempt())).toMatchObject({ code: "login_expired" });
    });

    it("says broker_unreachable, which may be tried again, where nobody answers", async () => {
      const nowhere = feed.login.parse(stand.nowhere);
      for (const attempt of [() => feed.connect(nowhere, options()), () => feed.instruments(nowhere, signal)])
        expect(await failure(attempt())).toMatchObject({ code: "broker_unreachable", retryable: true });
    });

    it("says connected first and once, brings what was subscribed and nothing else, each row with its figures", async () => {
      await ticking();
      expect(told[0]).toMatchObject({ kind: "connected", collector: COLLECTOR });
      expect(told.filter(({ kind }) => kind === "connected")).toHaveLength(1);
      for (const batch of batches()) {
        expect(batch.collector).toBe(COLLECTOR);
        expect(batch.length).toBeGreaterThan(0);
        for (let row = 0; row < batch.length; row++) {
          expect(Number.isInteger(batch.price[row]) && batch.price[row]! > 0).toBe(true);
          expect(batch.volume[row]).toBeGreaterThanOrEqual(-1);
          expect(batch.openInterest[row]).toBeGreaterThanOrEqual(-1);
          const time = batch.exchangeTime[row]!;
          expect(time === 0 || Math.abs(time - batch.receivedTime) < DAY_MS, String(time)).toBe(true);
        }
      }
      expect(rejects).toEqual([]);
    });

    it("frames its packets so that one can be kept apart from its frame and read all the same", async () => {
      await ticking();
      const { frame, framing, offset } = batches().at(-1)!;
      if (frame === null) return expect(framing).toBeNull();
      const { prefix } = framing!;
      const at = offset[0]!;
      const end = at + framing!.length(frame, at);
      expect(at).toBeGreaterThanOrEqual(prefix);
      expect(end).toBeGreaterThan(at);
      expect(end).toBeLessThanOrEqual(frame.length);
      const kept = new Uint8Array(frame.subarray(at - prefix, end));
      const quote = feed.quote(frame, at);
      expect(feed.quote(kept, prefix)).toEqual(quote);
      const [whole, alone] = [new Float64Array(Book.size), new Float64Array(Book.size)];
      expect(feed.book?.(kept, prefix, alone)).toBe(feed.book?.(frame, at, whole));
      expect(alone).toEqual(whole);
    });

    it("sends only what changed when subscriptions do, and stops bringing what was given up", async () => {
      let wanted = tokens.slice(0, 2);
      const states: LinkState[] = [];
      const link = keepConnected({
        feed,
        login,
        collector: COLLECTOR,
        subscriptions: () => [{ tokens: wanted, mode: "full" }],
        clock: systemClock(),
        random: () => 0,
        onMessage: options().onMessage,
        onReject: options().onReject,
        onState: (state) => {
          words.push(state.reason);
          states.push(state);
        },
        signal: stop.signal,
      });
      await vi.waitFor(() => expect([...seen(batches())].sort()).toEqual([...wanted].sort()), { timeout: 20_000 });
      expect(await stand.asked()).toEqual({ added: wanted, removed: [] });
      wanted = tokens.slice(1);
      link.refresh();
      await vi.waitFor(() => expect(seen(batches()).has(tokens[2]!)).toBe(true), { timeout: 20_000 });
      expect(await stand.asked()).toEqual({ added: [tokens[2]], removed: [tokens[0]] });
      told = [];
      await vi.waitFor(() => expect(batches().length).toBeGreaterThan(5), { timeout: 20_000 });
      expect(seen(batches()).has(tokens[0]!)).toBe(false);

      await stand.drop();
      await vi.waitFor(() => expect(states.filter(({ phase }) => phase === "live")).toHaveLength(2), {
        timeout: 20_000,
      });
      await vi.waitFor(async () => expect((await stand.asked()).added).toEqual(wanted), { timeout: 20_000 });
      stop.abort(new Error("over"));
      await link.ended;
    });

    it("says disconnected last when the broker ends the line, which is no expired login", async () => {
      const connection = await ticking();
      await stand.drop();
      const end = await connection.closed;
      words.push(end.reason);
      expect(end).toMatchObject({ expired: false, code: expect.any(String) as unknown });
      expect(told.at(-1)).toMatchObject({ kind: "disconnected", collector: COLLECTOR });
      expect(told.filter(({ kind }) => kind === "disconnected")).toHaveLength(1);
    });

    it.each(["close", "abort"] as const)("ends at %s, and says nothing after its disconnected", async (how) => {
      const connection = await ticking();
      if (how === "close") connection.close();
      else stop.abort(new Error("stopped by the test"));
      await connection.closed;
      expect(told.at(-1)!.kind).toBe("disconnected");
      const { length } = told;
      await new Promise((later) => setTimeout(later, 500));
      expect(told).toHaveLength(length);
    });

    it("begins nothing whose signal has been aborted, and gives back the signal's reason", async () => {
      const reason = new Error("aborted before");
      const over = AbortSignal.abort(reason);
      const attempts = [
        feed.connect(login, { ...options(), signal: over }),
        feed.instruments(login, over),
        feed.history.bars(login, question(Object.keys(feed.history.daysPerRequest)[0] as TimeframeName), over),
      ];
      for (const attempt of attempts) expect(await failure(attempt)).toBe(reason);
      expect(told).toEqual([]);
    });

    const question = (timeframe: TimeframeName) => {
      const to = Date.now();
      const from = timeframe === "1d" ? istMidnight(istDay(to) - 7) : to - 3_600_000;
      return { token: tokens[0]!, decimals: 2, timeframe, from, to };
    };

    it("serves history of the timeframes it names: oldest first, inside the span, of the scale ticks have", async () => {
      await ticking();
      const { listed } = await feed.instruments(login, signal);
      const { wireDivisor, decimals } = listed.find(({ token }) => token === tokens[0])!;
      const batch = batches().find((each) => each.token.subarray(0, each.length).includes(tokens[0]!))!;
      const price = batch.price[batch.token.indexOf(tokens[0]!)]! / wireDivisor;
      for (const timeframe of Object.keys(feed.history.daysPerRequest) as TimeframeName[]) {
        const asked = { ...question(timeframe), decimals };
        const bars = await feed.history.bars(login, asked, signal);
        for (let row = 0; row < bars.length; row++) {
          const [time, open, high, low, close] = [bars.time, bars.open, bars.high, bars.low, bars.close].map(
            (column) => column[row]!,
          ) as [number, number, number, number, number];
          expect(time, timeframe).toBeGreaterThan(row === 0 ? asked.from - DAY_MS : bars.time[row - 1]!);
          expect(time).toBeLessThanOrEqual(asked.to);
          for (const figure of [open, high, low, close]) expect(Number.isInteger(figure)).toBe(true);
          expect(Math.max(open, close)).toBeLessThanOrEqual(high);
          expect(Math.min(open, close)).toBeGreaterThanOrEqual(low);
          expect(close / price).toBeGreaterThan(1 / ALIKE);
          expect(close / price).toBeLessThan(ALIKE);
        }
        if (timeframe === "1m") expect(bars.length).toBeGreaterThan(0);
      }
      const other = timeframes.find(({ name }) => feed.history.daysPerRequest[name] === undefined);
      if (other !== undefined)
        expect(await failure(feed.history.bars(login, question(other.name), signal))).toMatchObject({
          code: "bad_input",
          details: { field: "timeframe" },
        });
    });

    it("has named no secret in anything it said or threw", () => {
      expect(words.length).toBeGreaterThan(10);
      const secrets = [stand.login, stand.refused].flatMap((each) =>
        feed.secretFields.flatMap((field) => each[field] ?? []),
      );
      expect(secrets.length).toBeGreaterThan(1);
      for (const secret of secrets) for (const text of words) expect(text).not.toContain(secret);
    });
  });
};
