/** Which instrument a row of a table is of, by its columns of symbol, series, exchange and number. */
import { type Contract, contractOf, expiresOn } from "@/server/domain/instruments/contract-symbol";
import { exchangeFamily, namesOfSymbol, squeezeSymbol, writtenSymbol } from "@/server/domain/instruments/file-symbol";
import { keyOf } from "@/server/domain/instruments/instrument";
import { istRules, TimeReader } from "@/server/domain/time/read-time";
import { istDate, istDay } from "@/server/domain/time/session";
import type { Places } from "./columns";

/** The instrument requested from a file. */
export interface AskedInstrument {
  exchange: string;
  symbol: string;
  segment: string;
}

/** Results of `Whose.of` that are not an instrument. */
export const ANOTHER = -1;

/** Number of names met in a file that are kept for reporting. */
const KEPT = 8;

interface Known {
  exchange: string;
  family: string | null;
  series: string;
  derivative: boolean;
  contract: Contract | null;
  place: number;
}

export class Whose {
  /** Rows of other instruments, by the file's names. */
  readonly others = new Map<string, number>();
  private readonly known: Known[] = [];
  private readonly byName = new Map<string, Known[]>();
  private readonly byUnderlying = new Map<string, Known[]>();
  private readonly cache = new Map<string, number>();
  private readonly dates = new TimeReader({ ...istRules, order: "dmy" });
  private readonly americanDates = new TimeReader({ ...istRules, order: "mdy" });
  private lastText = "";
  private lastAnswer = ANOTHER;
  private first: string | null = null;
  private readonly columns: readonly number[];

  /** `instruments` empty: the file's only instrument, whichever it is. `symbol`: the file's name for it. */
  constructor(
    private readonly instruments: readonly AskedInstrument[],
    private readonly places: Places,
    private readonly symbol: string | null,
  ) {
    for (const [place, { exchange, symbol: name, segment }] of instruments.entries()) {
      const derivative = !["equity", "index"].includes(segment);
      const known: Known = {
        exchange,
        family: exchangeFamily(exchange),
        series: writtenSymbol(name).series ?? "EQ",
        derivative,
        contract: derivative ? contractOf(name) : null,
        place,
      };
      const add = (list: Map<string, Known[]>, each: string): void => {
        list.set(each, [...(list.get(each) ?? []), known]);
      };
      for (const each of namesOfSymbol(name)) add(this.byName, each);
      if (known.contract !== null) add(this.byUnderlying, squeezeSymbol(known.contract.underlying));
      this.known.push(known);
    }
    this.columns = [
      ...places.symbol,
      ...(symbol !== null || places.symbol.length === 0 ? [places.token] : []),
      places.exchange,
      places.series,
      places.expiry,
      places.strike,
      places.right,
    ].filter((at) => at !== -1);
  }

  /** Place of the row's instrument among those asked for; `ANOTHER`; a text says why the row cannot be believed. */
  of(row: readonly string[]): number | string {
    if (this.columns.length === 0) return this.instruments.length <= 1 ? 0 : "no column names the row's instrument";
    let text = "";
    for (const at of this.columns) text += `${row[at] ?? ""}\u0001`;
    if (text === this.lastText) return this.lastAnswer;
    let answer = this.cache.get(text);
    if (answer === undefined) {
      const found = this.find(row);
      if (typeof found === "string") return found;
      // A table of all instruments has a few thousand names.
      if (this.cache.size > 50_000) this.cache.clear();
      this.cache.set(text, (answer = found));
    }
    this.lastText = text;
    this.lastAnswer = answer;
    if (answer === ANOTHER) this.count(row);
    return answer;
  }

  /** Names in the file that are none of those asked for. */
  get otherNames(): string[] {
    return [...this.others.keys()];
  }

  private find(row: readonly string[]): number | string {
    const at = (place: number): string => (place === -1 ? "" : (row[place] ?? "").trim());
    const texts = [
      ...this.places.symbol.map(at),
      ...(this.places.symbol.length === 0 || this.symbol !== null ? [at(this.places.token)] : []),
    ].filter((text) => text !== "");
    const contract = at(this.places.expiry) !== "" && at(this.places.expiry) !== "-";
    if (this.symbol !== null) {
      if (!texts.some((text) => text === this.symbol || squeezeSymbol(text) === squeezeSymbol(this.symbol!)))
        return ANOTHER;
      // One symbol is shared by all contracts of an underlying.
      const [known] = this.known;
      return known === undefined ||
        !contract ||
        (known.derivative && (known.contract === null || this.isContract(known, row)))
        ? 0
        : ANOTHER;
    }
    const name = texts[0] ?? "";
    if (this.instruments.length === 0 || this.places.symbol.length === 0) {
      // Nothing to compare with: then at least it is one.
      if (name === "" && this.instruments.length > 1) return "no column names the row's instrument";
      if (name === "") return 0;
      this.first ??= name;
      if (name === this.first) return 0;
      return `${this.places.symbol.length === 0 ? "token" : "symbol"} "${name}" after "${this.first}": a file must contain one instrument, or --symbol must choose one`;
    }
    if (texts.length === 0) return "the row does not name its instrument";
    const exchange = exchangeFamily(at(this.places.exchange));
    const series = at(this.places.series).toUpperCase();
    for (const text of texts) {
      const written = writtenSymbol(text);
      for (const known of this.byName.get(written.symbol) ?? []) {
        const family = written.family ?? exchange;
        if (family !== null && known.family !== null && family !== known.family) continue;
        if (contract && !known.derivative) continue;
        const ofSeries = written.series ?? (known.family === "NSE" ? series : "");
        if (ofSeries !== "" && !known.derivative && ofSeries !== known.series) continue;
        return known.place;
      }
      if (contract)
        for (const known of this.byUnderlying.get(written.symbol) ?? [])
          if (this.isContract(known, row)) return known.place;
    }
    return ANOTHER;
  }

  /** Is a row that names the underlying of that contract, by its expiry, strike and right? */
  private isContract({ exchange, contract }: Known, row: readonly string[]): boolean {
    if (contract === null) return false;
    const at = (place: number): string => (place === -1 ? "" : (row[place] ?? "").trim());
    const right = /^(?:C|CE|CA|CALL)$/i.test(at(this.places.right))
      ? "CE"
      : /^(?:P|PE|PA|PUT)$/i.test(at(this.places.right))
        ? "PE"
        : "FUT";
    const strike = Number(at(this.places.strike).replaceAll(",", ""));
    if (right !== contract.right || (contract.strike !== null && strike !== contract.strike)) return false;
    const text = at(this.places.expiry);
    const time = [this.dates, this.americanDates]
      .map((reader) => reader.read(text))
      .find((each) => !Number.isNaN(each));
    return time !== undefined && expiresOn(contract, istDate(istDay(time)), exchange === "MCX" || exchange === "NCO");
  }

  /** The name of the first row of another instrument. */
  otherSymbol = "";

  private count(row: readonly string[]): void {
    if (this.otherSymbol === "")
      this.otherSymbol =
        [...this.places.symbol, this.places.token].map((at) => (row[at] ?? "").trim()).find((each) => each !== "") ??
        "";
    const text = this.columns
      .map((at) => (row[at] ?? "").trim())
      .filter((each) => each !== "")
      .join(" ");
    const before = this.others.get(text);
    if (before !== undefined || this.others.size < KEPT) this.others.set(text, (before ?? 0) + 1);
  }

  /** How the instruments asked for are called, in messages. */
  get askedFor(): string {
    return this.instruments
      .slice(0, KEPT)
      .map(({ exchange, symbol }) => keyOf(exchange, symbol))
      .join(", ");
  }
}

/** True where a ticker in a table's head is the instrument asked for; with none asked for every one is. */
export const isWanted =
  (instruments: readonly AskedInstrument[], symbol: string | null) =>
  (ticker: string): boolean => {
    if (symbol !== null)
      return squeezeSymbol(symbol) === squeezeSymbol(ticker) || squeezeSymbol(symbol) === writtenSymbol(ticker).symbol;
    if (instruments.length === 0) return true;
    const written = writtenSymbol(ticker);
    return instruments.some(
      (each) =>
        namesOfSymbol(each.symbol).includes(written.symbol) &&
        (written.family === null ||
          exchangeFamily(each.exchange) === null ||
          written.family === exchangeFamily(each.exchange)),
    );
  };
