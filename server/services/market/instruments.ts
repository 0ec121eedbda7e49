import { closingAuctionIn } from "@/server/domain/instruments/closing-auction-stocks";
import {
  type BrokerList,
  type LeftOut,
  instrumentFault,
  LeftOutTally,
  listingFault,
} from "@/server/domain/instruments/broker-list";
import { AppError, badInput } from "@/server/domain/basics/errors";
import { type Instrument, type InstrumentAlias, keyOf, splitKey } from "@/server/domain/instruments/instrument";
import { type InstrumentTable, TokenMap } from "@/server/domain/instruments/instrument-table";
import { istDate, istDay } from "@/server/domain/time/session";
import { Turns } from "@/server/domain/basics/turns";
import { isIsin, numberedSymbol } from "@/server/domain/instruments/vendor-symbols";
import type { Clock } from "@/server/ports/clock";
import type { FeedDefinition } from "@/server/ports/feed";
import type { InstrumentStore, TakenList } from "@/server/ports/stores";

interface Entry {
  index: number;
  symbol: string;
  words: string[];
  rank: number;
}

const DIGITS = /^\d+$/;
/** Symbols are put together by their first letters: who misspells a name gets those right. */
const FIRST_LETTERS = 3;
/** Symbols looked at for a suggestion: about two milliseconds. */
const MOST_NEAR = 10_000;
/** Reading a stored instrument costs so many microseconds. */
const ROW_UNITS = 4;
/** Entries a search looks at in one turn: about half a millisecond. */
const PIECE = 500;

const squeeze = (text: string): string => text.replace(/[^A-Za-z0-9]/g, "").toUpperCase();
const SEGMENT_RANK: Record<string, number> = { index: 0, equity: 1, futures: 2, commodity: 3, currency: 4, options: 5 };

/** Who is traded: the table the hot path indexes, the brokers' tokens, and every way a person may write a name. */
export class Instruments {
  private tokens = new Map<string, TokenMap>();
  private aliasOf = new Map<string, Map<number, InstrumentAlias>>();
  private entries: Entry[] = [];
  private bySymbol = new Map<string, Entry[]>();
  private byFirstLetters = new Map<string, Entry[]>();

  /** Exact names of the past, by key. */
  private formerly = new Map<string, number>();
  private unknown: LeftOut[] = [];
  private loading: Promise<void> = Promise.resolve();

  /** `hoursOf`: null where no trading hours are known. */
  constructor(
    private readonly parts: {
      store: InstrumentStore;
      table: InstrumentTable;
      clock: Clock;
      hoursOf(instrument: Instrument, closingAuction: (symbol: string) => boolean): string | null;
      /** Brokers whose tokens follow from the exchange's own numbers. */
      brokers: readonly Pick<FeedDefinition, "id" | "tokenOfNumber">[];
      /** Lets others go first, by real time; without it a list is read in one go. */
      pause?(): Promise<void>;
    },
  ) {}

  /**
   * Reads instruments and today's aliases into memory. Unusable rows are skipped one by one: see `leftOut`. A hundred
   * thousand rows are read in turns; names and tokens change all at once at the end, one list after the other.
   */
  load(): Promise<void> {
    const loading = this.loading.then(() => this.read());
    this.loading = loading.catch(() => undefined);
    return loading;
  }

  private async read(): Promise<void> {
    const { store, table, clock, hoursOf, pause } = this.parts;
    const turns = new Turns(pause ?? (async () => {}));
    const today = istDate(istDay(clock.now()));
    const { instruments, aliases, former } = await store.load(today);
    const closingAuction = closingAuctionIn(instruments, today);
    const leftOut = new LeftOutTally();
    for (const instrument of instruments) {
      await turns.take(ROW_UNITS);
      const fault = instrumentFault(instrument);
      const hours = hoursOf(instrument, closingAuction);
      if (fault !== null) leftOut.add(instrument.key, fault);
      else if (hours !== null) table.put(instrument, hours);
      else if (table.indexOfId(instrument.id) === -1)
        leftOut.add(instrument.key, `exchange ${instrument.exchange} is not supported: its trading hours are unknown`);
    }
    const tokens = new Map<string, TokenMap>();
    const aliasOf = new Map<string, Map<number, InstrumentAlias>>();
    for (const alias of aliases) {
      await turns.take(1);
      const index = table.indexOfId(alias.instrumentId);
      if (index === -1) continue;
      const map = tokens.get(alias.vendor) ?? new TokenMap();
      if (!map.canHold(index, alias.wireDivisor)) {
        leftOut.add(table.at(index).key, `wire divisor "${alias.wireDivisor}" is not a power of ten`);
        continue;
      }
      map.set(alias.token, index, alias.wireDivisor);
      tokens.set(alias.vendor, map);
      const byIndex = aliasOf.get(alias.vendor) ?? new Map<number, InstrumentAlias>();
      aliasOf.set(alias.vendor, byIndex.set(index, alias));
    }
    const formerly = new Map<string, number>();
    for (const { instrumentId, symbol } of former) {
      const index = table.indexOfId(instrumentId);
      if (index !== -1) formerly.set(keyOf(table.at(index).exchange, symbol), index);
    }
    const entries: Entry[] = [];
    const bySymbol = new Map<string, Entry[]>();
    const byFirstLetters = new Map<string, Entry[]>();
    for (let index = 0; index < table.size; index++) {
      await turns.take(ROW_UNITS);
      const instrument = table.at(index);
      const entry: Entry = {
        index,
        symbol: squeeze(instrument.symbol),
        words: `${instrument.symbol} ${instrument.name}`
          .toUpperCase()
          .split(/[^A-Z0-9]+/)
          .filter((word) => word !== ""),
        rank: SEGMENT_RANK[instrument.segment] ?? 9,
      };
      entries.push(entry);
      put(bySymbol, entry.symbol, entry);
      put(byFirstLetters, entry.symbol.slice(0, FIRST_LETTERS), entry);
    }
    this.tokens = tokens;
    this.aliasOf = aliasOf;
    this.formerly = formerly;
    this.unknown = leftOut.list();
    this.entries = entries;
    this.bySymbol = bySymbol;
    this.byFirstLetters = byFirstLetters;
  }

  /** Takes a broker's list of the day and reads it in. A row that cannot be taken is left out alone. */
  async take(vendor: string, { listed, leftOut }: BrokerList): Promise<TakenList> {
    const tally = new LeftOutTally().addAll(leftOut);
    const sound = listed.filter((row) => {
      const fault = listingFault(row);
      if (fault !== null) tally.add(keyOf(row.exchange, row.symbol), fault);
      return fault === null;
    });
    const taken = await this.parts.store.upsert(vendor, istDate(istDay(this.parts.clock.now())), sound);
    await this.load();
    return { ...taken, leftOut: tally.addAll(taken.leftOut).list() };
  }

  /** Stored instruments that cannot be used: an older build took them. */
  leftOut(): readonly LeftOut[] {
    return this.unknown;
  }

  tokensOf(vendor: string): TokenMap | undefined {
    return this.tokens.get(vendor);
  }
  tokenOf(vendor: string, index: number): number | undefined {
    return this.aliasOf.get(vendor)?.get(index)?.token;
  }
  /** The token of the first of the brokers that lists it. */
  anyTokenOf(index: number): number | undefined {
    for (const { id } of this.parts.brokers) {
      const token = this.tokenOf(id, index);
      if (token !== undefined) return token;
    }
    return undefined;
  }
  /** Every instrument a broker lists. */
  listedBy(vendor: string): number[] {
    return [...(this.aliasOf.get(vendor)?.keys() ?? [])];
  }
  /** The same without contracts that have expired: no list ends their aliases. */
  tradedBy(vendor: string): number[] {
    const today = istDate(istDay(this.parts.clock.now()));
    return this.listedBy(vendor).filter((index) => (this.parts.table.at(index).expiry ?? today) >= today);
  }

  /**
   * The instrument a person means: `NSE:RELIANCE`, `SIM_INDEX:NIFTY 50`, `NIFTY50`, `RELIANCE` (unique, or on NSE),
   * `NSE_EQ/2475`, `1:99926000`, a broker's token (with its `vendor` where several brokers have that number).
   * Throws `unknown_instrument`, or `ambiguous` with the candidates.
   */
  resolve(written: string, vendor?: string): number {
    if (vendor !== undefined || DIGITS.test(written)) return this.byToken(written, vendor);
    const { table } = this.parts;
    const found = this.named(written);
    if (found.length === 1) return found[0]!;
    if (found.length > 1) {
      const candidates = found.map((index) => table.at(index).key);
      throw new AppError("ambiguous", `${written} is ambiguous; it may be ${candidates.join(", ")}`, {
        details: { field: "instrument", value: written, accepted: "one of the candidates", candidates },
      });
    }
    const near =
      numberedSymbol(written) === null
        ? this.near(splitKey(written)?.symbol ?? written, 3).map((each) => table.at(each).key)
        : [];
    const why = isIsin(written)
      ? "; no loaded instrument list contains ISINs"
      : near.length > 0
        ? `; did you mean ${near.join(", ")}?`
        : "";
    throw new AppError("unknown_instrument", `no instrument ${written}${why}`, {
      details: { field: "instrument", value: written, accepted: "EXCHANGE:SYMBOL", candidates: near },
    });
  }

  /** The same for the names of a list. Returns -1, without an error, for unknown or ambiguous names. */
  find(written: string): number {
    const found = DIGITS.test(written) ? this.holding(written, [...this.tokens.keys()]) : this.named(written);
    return found.length === 1 ? found[0]! : -1;
  }

  /** What a name may mean, without a search. */
  private named(written: string): number[] {
    const { table } = this.parts;
    const exact = table.indexOf(written);
    if (exact !== -1) return [exact];
    const formerly = this.formerly.get(written);
    if (formerly !== undefined) return [formerly];
    const numbered = numberedSymbol(written);
    if (numbered?.kind === "number")
      for (const { id, tokenOfNumber } of this.parts.brokers) {
        const token = tokenOfNumber?.(numbered.exchange, numbered.number) ?? null;
        const index = token === null ? -1 : this.tokenAt(id, token);
        if (index !== -1) return [index];
      }
    const text = numbered?.kind === "index" ? numbered.symbol : written;
    const parts = splitKey(text);
    const exchange = parts?.exchange.toUpperCase().replace(/_(EQ|INDEX)$/, "");
    const found = (this.bySymbol.get(squeeze(parts?.symbol ?? text)) ?? [])
      .filter((entry) => exchange === undefined || table.at(entry.index).exchange.replace(/_INDEX$/, "") === exchange)
      .map((entry) => entry.index);
    const preferred = found.filter((each) => /^NSE(_INDEX)?$/.test(table.at(each).exchange));
    return preferred.length === 1 ? preferred : found;
  }

  /** Suggestions: symbols that share the longest prefix. */
  private near(text: string, most: number): number[] {
    const wanted = squeeze(text);
    const best: { entry: Entry; alike: number }[] = [];
    const candidates = this.byFirstLetters.get(wanted.slice(0, FIRST_LETTERS)) ?? [];
    for (let place = 0; place < candidates.length && place < MOST_NEAR; place++) {
      const entry = candidates[place]!;
      let alike = FIRST_LETTERS;
      while (alike < wanted.length && alike < entry.symbol.length && wanted[alike] === entry.symbol[alike]) alike++;
      keepBest(
        best,
        { entry, alike },
        most,
        (a, b) => b.alike - a.alike || a.entry.rank - b.entry.rank || this.order(a.entry.index, b.entry.index),
      );
    }
    return best.map(({ entry }) => entry.index);
  }

  /** Whose token it is today. */
  private byToken(text: string, vendor: string | undefined): number {
    const { table } = this.parts;
    const vendors = [...this.tokens.keys()].sort();
    if (vendor !== undefined && !this.tokens.has(vendor))
      throw badInput("vendor", vendor, vendors.join(", ") || "none yet: no broker's instrument list is loaded");
    if (!/^\d{1,10}$/.test(text)) throw badInput("instrument", text, `a token of ${vendor ?? "a broker"}: digits only`);
    const found = this.holding(text, vendor === undefined ? vendors : [vendor]);
    if (found.length === 1) return found[0]!;
    const candidates = found.map((index) => table.at(index).key);
    if (found.length > 1)
      throw new AppError("ambiguous", `${text} is ambiguous; it may be ${candidates.join(", ")}`, {
        details: { field: "instrument", value: text, accepted: `vendor=${vendors.join(" or ")}`, candidates },
      });
    throw new AppError(
      "unknown_instrument",
      `no instrument has the token ${text}${vendor === undefined ? "" : ` at ${vendor}`} today`,
      { details: { field: "instrument", value: text, accepted: "EXCHANGE:SYMBOL", candidates } },
    );
  }

  private holding(token: string, vendors: readonly string[]): number[] {
    return [...new Set(vendors.map((each) => this.tokenAt(each, Number(token))).filter((index) => index !== -1))];
  }

  private tokenAt(vendor: string, token: number): number {
    return this.tokens.get(vendor)?.indexOf(token) ?? -1;
  }

  /** Dense numbers, best first: exact symbol, prefix, word prefix, letters in order; indices and stocks before derivatives. A long list is looked through in turns. */
  async search(text: string, limit: number, turns: Turns): Promise<number[]> {
    const { table } = this.parts;
    const filter = /^:(\w+)\s*(.*)$/.exec(text.trim());
    const exchange = filter?.[1]?.toUpperCase();
    const query = filter === null ? text : filter[2]!;
    const typed = query
      .toUpperCase()
      .split(/[^A-Z0-9]+/)
      .filter((word) => word !== "");
    const whole = squeeze(query);
    const best: { index: number; score: number }[] = [];
    const { entries } = this;
    for (let place = 0; place < entries.length; place++) {
      if (place % PIECE === PIECE - 1) await turns.take(2 * PIECE);
      const entry = entries[place]!;
      if (exchange !== undefined && !table.at(entry.index).exchange.startsWith(exchange)) continue;
      const alike = whole === "" ? 50 : scoreOf(entry, whole, typed);
      if (alike < 0) continue;
      const { index } = entry;
      const score = alike * 10 + entry.rank;
      keepBest(best, { index, score }, limit, (a, b) => a.score - b.score || this.order(a.index, b.index));
    }
    return best.map((each) => each.index);
  }

  /** Between two equal matches, prefer the shorter symbol, then the contract that expires first, which is the traded one. */
  private order(a: number, b: number): number {
    const [one, other] = [this.parts.table.at(a), this.parts.table.at(b)];
    const [ends, otherEnds] = [one.expiry ?? "", other.expiry ?? ""];
    if (one.symbol.length !== other.symbol.length) return one.symbol.length - other.symbol.length;
    if (ends !== otherEnds) return ends < otherEnds ? -1 : 1;
    return one.symbol < other.symbol ? -1 : one.symbol > other.symbol ? 1 : a - b;
  }

  get size(): number {
    return this.parts.table.size;
  }
}

/** Inserts an item into the sorted list of the best `most` items. */
const keepBest = <Item>(best: Item[], item: Item, most: number, order: (a: Item, b: Item) => number): void => {
  const isBefore = (other: Item): boolean => order(other, item) <= 0;
  if (best.length === most && isBefore(best[most - 1]!)) return;
  best.splice(best.findLastIndex(isBefore) + 1, 0, item);
  best.length = Math.min(best.length, most);
};

const put = (groups: Map<string, Entry[]>, name: string, entry: Entry): void => {
  const group = groups.get(name);
  if (group === undefined) groups.set(name, [entry]);
  else group.push(entry);
};

const scoreOf = (entry: Entry, whole: string, typed: readonly string[]): number => {
  if (entry.symbol === whole) return 0;
  if (entry.symbol.startsWith(whole)) return 1;
  if (typed.every((word) => entry.words.some((each) => each.startsWith(word)))) return 2;
  if (typed.every((word) => entry.words.some((each) => each.includes(word)))) return 3;
  if (whole.length >= 3 && subsequence(entry.symbol, whole)) return 4;
  return -1;
};

const subsequence = (text: string, letters: string): boolean => {
  let at = 0;
  for (let place = 0; place < text.length && at < letters.length; place++) if (text[place] === letters[at]) at++;
  return at === letters.length;
};
