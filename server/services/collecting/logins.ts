import { AppError, badInput, hasCode } from "@/server/domain/basics/errors";
import { type FeedDefinition, requiredFields } from "@/server/ports/feed";
import type { Log } from "@/server/ports/observe";
import type { CollectorStore } from "@/server/ports/stores";

interface Parts {
  store: CollectorStore;
  feedOf(id: string): FeedDefinition;
  /** What a running collector receives. */
  renew(name: string, login: Record<string, string>): void;
  /** Compares two secrets without storing either. */
  fingerprint(secret: string): string;
  log: Log;
}

/** Kept beside what was handed over: the hash of what the environment had then. */
const REPLACES = "replaces";
const TOKEN = /^[\x21-\x7e]{8,512}$/;
const CHECK_MS = 10_000;

/**
 * Access tokens that are handed over while the server runs: a broker's dies every morning. They are asked of the broker,
 * sealed into the vault, given to the collector, and never shown again.
 */
export class Logins {
  private readonly configured = new Map<string, Record<string, string>>();
  constructor(private readonly parts: Parts) {}

  /** A login that is the same at every start, as the simulated exchange's: a token handed over while it runs goes with the run. */
  configure(name: string, given: Record<string, string>): void {
    this.configured.set(name, given);
  }

  /**
   * The login a start works with. The environment's, except where a token was handed over since the environment got the one
   * it still has: that one is newer. `said` is a sentence for the person who starts it, or null.
   */
  async atStart(
    name: string,
    feed: Pick<FeedDefinition, "login" | "loginFields">,
    given: Record<string, string>,
  ): Promise<{ login: Record<string, string>; said: string | null }> {
    this.configured.set(name, given);
    const { stored, lost } = await this.parts.store.login(name).then(
      (login) => ({ stored: login, lost: null }),
      (cause: unknown) => {
        if (hasCode(cause, "store_unreachable")) throw cause;
        return { stored: null, lost: (cause as Error).message };
      },
    );
    if (lost !== null) return { login: given, said: `${lost} Starting with the login from the environment.` };
    const daily = dailyFields(feed);
    const isNewer =
      stored !== null &&
      daily.length > 0 &&
      daily.every((field) => stored[field] !== undefined) &&
      requiredFields(feed).every((field) => daily.includes(field) || stored[field] === given[field]) &&
      stored[REPLACES] === this.replaced(daily, given);
    if (!isNewer) return { login: given, said: null };
    return {
      login: { ...given, ...only(daily, stored), [REPLACES]: stored[REPLACES]! },
      said: "Access token: using the one provided during an earlier run",
    };
  }

  /** Throws `not_found`, `bad_input`, or `login_expired` where the broker refuses the token. A broker that does not answer stops nothing. */
  async handOver(
    name: string,
    given: Readonly<Record<string, string>>,
  ): Promise<{ collector: string; checked: boolean }> {
    const { store, feedOf, renew, log } = this.parts;
    const row = (await store.list()).find((each) => each.name === name);
    const before = this.configured.get(name);
    if (row === undefined || before === undefined)
      throw new AppError(
        "not_found",
        `no collector ${JSON.stringify(name)} is configured; available: ${[...this.configured.keys()].join(", ") || "none"}`,
        { details: { field: "collector", value: name, accepted: [...this.configured.keys()].join(", ") } },
      );
    const feed = feedOf(row.feed);
    const daily = dailyFields(feed);
    for (const field of daily)
      // The value is a secret: a refusal does not repeat it.
      if (!TOKEN.test(given[field] ?? ""))
        throw badInput(
          field,
          given[field] === undefined ? "nothing" : `${given[field].length} characters`,
          "8 to 512 visible ASCII characters without spaces",
        );
    const other = Object.keys(given).find((field) => !daily.includes(field));
    if (other !== undefined) throw badInput("body", other, `only what changes daily: ${daily.join(", ")}`);
    const login = { ...before, ...only(daily, given), [REPLACES]: this.replaced(daily, before) };
    const checked = await this.check(feed, login);
    const { id: _id, ...kept } = row;
    await store.save(kept, login);
    renew(name, login);
    log.info("access token received", { collector: name, checked });
    return { collector: name, checked };
  }

  private replaced(daily: readonly string[], login: Readonly<Record<string, string>>): string {
    return this.parts.fingerprint(daily.map((field) => login[field] ?? "").join("\n"));
  }

  private async check(feed: FeedDefinition, login: Record<string, string>): Promise<boolean> {
    const parsed = feed.login.safeParse(login);
    if (!parsed.success || feed.check === undefined) return false;
    try {
      await feed.check(parsed.data, AbortSignal.timeout(CHECK_MS));
      return true;
    } catch (cause) {
      if (hasCode(cause, "login_expired")) throw cause;
      return false;
    }
  }
}

const dailyFields = ({ loginFields }: Pick<FeedDefinition, "loginFields">): string[] =>
  loginFields.filter(({ daily }) => daily === true).map(({ field }) => field);

const only = (fields: readonly string[], of: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(fields.map((field) => [field, of[field]!]));
