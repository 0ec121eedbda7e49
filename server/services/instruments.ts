import { closingAuctionIn } from "@/server/domain/closing-auction-stocks";
import { type BrokerList, type LeftOut, LeftOutTally, listingFault } from "@/server/domain/broker-list";
import { AppError, badInput } from "@/server/domain/errors";
import { type Instrument, type InstrumentAlias, keyOf, splitKey } from "@/server/domain/instrument";
import { type InstrumentTable, TokenMap } from "@/server/domain/instrument-table";
import { istDate, istDay } from "@/server/domain/session";
import { isIsin, numberedSymbol } from "@/server/domain/vendor-symbols";
import type { Clock } from "@/server/ports/clock";
import type { InstrumentStore, TakenList } from "@/server/ports/stores";

interface Entry { index: number; symbol: string; words: string[]; rank: number }

const squeeze = (text: string): string => text.replace(/[^A-Za-z0-9]/g, "").toUpperCase();
const SEGMENT_RANK: Record<string, number> = { index: 0, equity: 1, futures: 2, commodity: 3, currency: 4, options: 5 };

/** Who is traded: the table the hot path indexes, the brokers' tokens, and every way a person may write a name. */
export class Instruments {
  private tokens = new Map<string, TokenMap>();
  private aliasOf = new Map<string, Map<number, InstrumentAlias>>();
  private entries: Entry[] = [];

  /** Exact names of the past, by key. */
  private readonly formerly = new Map<string, number>();
  private unknown: LeftOut[] = [];

  /** `hoursOf`: null where no trading hours are known. */
  constructor(private readonly parts: { store: InstrumentStore; table: InstrumentTable; clock: Clock; hoursOf(instrument: Instrument, closingAuction: (symbol: string) => boolean): string | null }) {}

  /** Reads instruments and the aliases in force today into memory. What cannot be used is left out alone: see `leftOut`. */
  async load(): Promise<void> {
    const { store, table, clock, hoursOf } = this.parts;
    const today = istDate(istDay(clock.now()));
    const { instruments, aliases, former } = await store.load(today);
    const closingAuction = closingAuctionIn(instruments, today);
    const leftOut = new LeftOutTally();
    for (const instrument of instruments) {
      const hours = hoursOf(instrument, closingAuction);
      if (hours !== null) table.put(instrument, hours);
      else if (table.indexOfId(instrument.id) === -1) leftOut.add(instrument.key, `exchange ${instrument.exchange} is not supported: no trading hours of it are known`);
    }
    const tokens = new Map<string, TokenMap>();
    const aliasOf = new Map<string, Map<number, InstrumentAlias>>();
    for (const alias of aliases) {
      const index = table.indexOfId(alias.instrumentId);
      if (index === -1) continue;
      const map = tokens.get(alias.vendor) ?? new TokenMap();
      if (!map.canHold(index, alias.wireDivisor)) { leftOut.add(table.at(index).key, `wire divisor "${alias.wireDivisor}" is not a power of ten`); continue; }
      map.set(alias.token, index, alias.wireDivisor);
      tokens.set(alias.vendor, map);
      const byIndex = aliasOf.get(alias.vendor) ?? new Map<number, InstrumentAlias>();
      aliasOf.set(alias.vendor, byIndex.set(index, alias));
    }
    this.tokens = tokens;
    this.aliasOf = aliasOf;
    this.formerly.clear();
    for (const { instrumentId, symbol } of former) {
      const index = table.indexOfId(instrumentId);
      if (index !== -1) this.formerly.set(keyOf(table.at(index).exchange, symbol), index);
    }
    this.unknown = leftOut.list();
    this.entries = table.all().map((instrument, index) => ({
      index, symbol: squeeze(instrument.symbol),
      words: `${instrument.symbol} ${instrument.name}`.toUpperCase().split(/[^A-Z0-9]+/).filter((word) => word !== ""),
      rank: SEGMENT_RANK[instrument.segment] ?? 9,
    }));
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
  leftOut(): readonly LeftOut[] { return this.unknown; }

  tokensOf(vendor: string): TokenMap | undefined { return this.tokens.get(vendor); }
  tokenOf(vendor: string, index: number): number | undefined { return this.aliasOf.get(vendor)?.get(index)?.token; }
  /** Every instrument a broker lists. */
  listedBy(vendor: string): number[] { return [...(this.aliasOf.get(vendor)?.keys() ?? [])]; }
  /** The same without contracts that have expired: no list ends their aliases. */
  tradedBy(vendor: string): number[] {
    const today = istDate(istDay(this.parts.clock.now()));
    return this.listedBy(vendor).filter((index) => (this.parts.table.at(index).expiry ?? today) >= today);
  }

  /**
   * The instrument a person means: `NSE:RELIANCE`, `SIM_INDEX:NIFTY 50`, `NIFTY50`, `RELIANCE` (unique, or on NSE),
   * `NSE_EQ/2475`, `1:99926000`, a broker's token (with its `vendor` where several brokers have that number).
   * Throws `not_found`, or `ambiguous` with the candidates.
   */
  resolve(written: string, vendor?: string): number {
    const { table } = this.parts;
    const exact = vendor === undefined ? table.indexOf(written) : -1;
    if (exact !== -1) return exact;
    const formerly = vendor === undefined ? this.formerly.get(written) : undefined;
    if (formerly !== undefined) return formerly;
    if (vendor !== undefined || /^\d+$/.test(written)) return this.byToken(written, vendor);
    const numbered = numberedSymbol(written);
    const index = numbered?.kind === "kite" ? this.tokenAt("kite", numbered.token) : -1;
    if (index !== -1) return index;
    const text = numbered?.kind === "index" ? numbered.symbol : written;
    const parts = splitKey(text);
    const symbol = squeeze(parts?.symbol ?? text);
    const exchange = parts?.exchange.toUpperCase().replace(/_(EQ|INDEX)$/, "");
    const found = this.entries.filter((entry) => entry.symbol === symbol
      && (exchange === undefined || table.at(entry.index).exchange.replace(/_INDEX$/, "") === exchange));
    const preferred = found.length > 1 ? found.filter((entry) => /^NSE(_INDEX)?$/.test(table.at(entry.index).exchange)) : found;
    const one = preferred.length === 1 ? preferred[0] : found.length === 1 ? found[0] : undefined;
    if (one !== undefined) return one.index;
    if (found.length > 1) {
      throw new AppError("ambiguous", `${text} may be any of ${found.map((entry) => table.at(entry.index).key).join(", ")}`, {
        details: { field: "instrument", value: text, accepted: "one of the candidates", candidates: found.map((entry) => table.at(entry.index).key) },
      });
    }
    const near = numbered === null ? this.search(parts?.symbol ?? text, 3).map((each) => table.at(each).key) : [];
    const why = isIsin(written) ? "; no broker's list in use tells ISINs" : near.length > 0 ? `; did you mean ${near.join(", ")}?` : "";
    throw new AppError("not_found", `no instrument ${written}${why}`, {
      details: { field: "instrument", value: written, accepted: "EXCHANGE:SYMBOL", candidates: near },
    });
  }

  /** Whose token it is today. */
  private byToken(text: string, vendor: string | undefined): number {
    const { table } = this.parts;
    const vendors = [...this.tokens.keys()].sort();
    if (vendor !== undefined && !this.tokens.has(vendor)) throw badInput("vendor", vendor, vendors.join(", ") || "none yet: no broker's list has been read");
    if (!/^\d{1,10}$/.test(text)) throw badInput("instrument", text, `a token of ${vendor ?? "a broker"}: digits only`);
    const found = new Set((vendor === undefined ? vendors : [vendor]).map((each) => this.tokenAt(each, Number(text))).filter((index) => index !== -1));
    const [one] = found;
    if (found.size === 1) return one!;
    const candidates = [...found].map((index) => table.at(index).key);
    if (found.size > 1) throw new AppError("ambiguous", `${text} may be any of ${candidates.join(", ")}`, { details: { field: "instrument", value: text, accepted: `vendor=${vendors.join(" or ")}`, candidates } });
    throw new AppError("not_found", `no instrument has the token ${text}${vendor === undefined ? "" : ` at ${vendor}`} today`, { details: { field: "instrument", value: text, accepted: "EXCHANGE:SYMBOL", candidates } });
  }

  private tokenAt(vendor: string, token: number): number {
    return this.tokens.get(vendor)?.indexOf(token) ?? -1;
  }

  /** Dense numbers, best first: exact symbol, prefix, word prefix, letters in order; indices and stocks before derivatives. */
  search(text: string, limit: number): number[] {
    const { table } = this.parts;
    const filter = /^:(\w+)\s*(.*)$/.exec(text.trim());
    const exchange = filter?.[1]?.toUpperCase();
    const query = filter === null ? text : filter[2]!;
    const typed = query.toUpperCase().split(/[^A-Z0-9]+/).filter((word) => word !== "");
    const whole = squeeze(query);
    const scored: { index: number; score: number }[] = [];
    for (const entry of this.entries) {
      if (exchange !== undefined && !table.at(entry.index).exchange.startsWith(exchange)) continue;
      const score = whole === "" ? 50 : scoreOf(entry, whole, typed);
      if (score >= 0) scored.push({ index: entry.index, score: score * 10 + entry.rank });
    }
    const order = (a: number, b: number): number => {
      const [one, other] = [table.at(a), table.at(b)];
      // The contract that ends first is the one that is traded.
      return one.symbol.length - other.symbol.length || (one.expiry ?? "").localeCompare(other.expiry ?? "") || (one.symbol < other.symbol ? -1 : 1);
    };
    return scored.sort((a, b) => a.score - b.score || order(a.index, b.index))
      .slice(0, limit).map((each) => each.index);
  }

  get size(): number { return this.parts.table.size; }
}

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
