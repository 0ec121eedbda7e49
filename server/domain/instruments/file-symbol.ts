/** Names of instruments as people and vendors write them: `nse:infy`, `NSE:INFY-EQ`, `INFY.NS`, `^NSEI`, `500209`. */
import type { InstrumentKey } from "./instrument";

/** Letters and digits alone: `M&M` may be `MM` or `M_M` in a file. */
export const squeezeSymbol = (text: string): string => text.replaceAll(/[^A-Za-z0-9]/g, "").toUpperCase();

/** Other names of indices, squeezed, by the name we have for them. */
const INDEX_NAMES: Readonly<Record<string, readonly string[]>> = {
  "NIFTY 50": ["NIFTY", "NIFTY50", "NSEI", "NIFTYINDEX", "CNXNIFTY", "SPCNXNIFTY"],
  "NIFTY BANK": ["BANKNIFTY", "NIFTYBANK", "NSEBANK", "CNXBANK"],
  "NIFTY FIN SERVICE": ["FINNIFTY", "NIFTYFINSERVICE", "NIFTYFINANCIALSERVICES"],
  "NIFTY MID SELECT": ["MIDCPNIFTY", "NIFTYMIDSELECT", "NIFTYMIDCAPSELECT"],
  "INDIA VIX": ["INDIAVIX"],
  SENSEX: ["BSESN", "BSESENSEX", "SENSEX30"],
};

/** An exchange's family: derivatives and indices are listed under the exchange itself in many files. */
const FAMILY: Readonly<Record<string, string>> = {
  NSE: "NSE",
  NFO: "NSE",
  CDS: "NSE",
  NSE_INDEX: "NSE",
  NSE_EQ: "NSE",
  NSE_FO: "NSE",
  NS: "NSE",
  N: "NSE",
  NSEEQ: "NSE",
  BSE: "BSE",
  BFO: "BSE",
  BCD: "BSE",
  BSE_INDEX: "BSE",
  BSE_EQ: "BSE",
  BSE_FO: "BSE",
  BO: "BSE",
  B: "BSE",
  BSEEQ: "BSE",
  MCX: "MCX",
  MCX_FO: "MCX",
  SIM: "SIM",
  SIM_INDEX: "SIM",
};

/** NSE, BSE or MCX; null for a text that names no exchange. */
export const exchangeFamily = (exchange: string): string | null => FAMILY[exchange.trim().toUpperCase()] ?? null;

export interface WrittenSymbol {
  /** Exchange family named in the text. */
  family: string | null;
  /** Squeezed. */
  symbol: string;
  /** `EQ`, `BE` … where the text has one. */
  series: string | null;
}

const SERIES = /[- ](EQ|BE|BZ|BL|SM|ST|N\d|E\d)$/;

/** A symbol's text taken apart. */
export const writtenSymbol = (text: string): WrittenSymbol => {
  let symbol = text.trim().toUpperCase();
  let family: string | null = null;
  const prefix = /^([A-Z_]+)[:|](?=.)/.exec(symbol);
  if (prefix !== null && exchangeFamily(prefix[1]!) !== null) {
    family = exchangeFamily(prefix[1]!);
    symbol = symbol.slice(prefix[0].length);
  }
  const suffix = /\.(NS|BO|NSE|BSE)$/.exec(symbol);
  if (suffix !== null) {
    family = exchangeFamily(suffix[1]!);
    symbol = symbol.slice(0, suffix.index);
  }
  const series = SERIES.exec(symbol)?.[1] ?? null;
  if (series !== null) symbol = symbol.slice(0, -series.length - 1);
  return { family, symbol: squeezeSymbol(symbol), series };
};

/** Names under which a file may have an instrument, squeezed. */
export const namesOfSymbol = (symbol: string): string[] => [
  writtenSymbol(symbol).symbol,
  ...(INDEX_NAMES[symbol.toUpperCase()] ?? []),
];

/**
 * The key a person means by a text that is none yet: `INFY.NS`, `INFY.BO`, `^NSEI`, a BSE code; a key in small letters or
 * with the series of ordinary shares. Null when the text names no exchange.
 */
export const keyFromText = (text: string): InstrumentKey | null => {
  const upper = text.trim().toUpperCase().replaceAll(/\s+/g, " ");
  if (/^\d{6}$/.test(upper)) return `BSE:${upper}`;
  const yahoo = /^([A-Z0-9&_-]+)\.(NS|BO)$/.exec(upper);
  if (yahoo !== null) return `${yahoo[2] === "NS" ? "NSE" : "BSE"}:${yahoo[1]!.replace(/-EQ$/, "")}`;
  if (upper.startsWith("^")) {
    const index = Object.entries(INDEX_NAMES).find(([, names]) => names.includes(squeezeSymbol(upper)))?.[0];
    return index === undefined ? null : `${index === "SENSEX" ? "BSE" : "NSE"}_INDEX:${index}`;
  }
  const at = upper.indexOf(":");
  if (at <= 0 || at === upper.length - 1) return null;
  const exchange = upper
    .slice(0, at)
    .trim()
    .replace(/^(NSE|BSE)_EQ$/, "$1");
  const symbol = upper.slice(at + 1).trim();
  return `${exchange}:${exchange === "NSE" || exchange === "BSE" ? symbol.replace(/-EQ$/, "").replace(/\.(NS|BO)$/, "") : symbol}`;
};
