/**
 * Stocks with derivatives have a closing auction since 2026-08-03. A broker's list says for certain which they are: the
 * underlyings of its stock futures. No list of the exchange was at hand, so without a broker's these are taken: index
 * members of 2026-09-19, and what public listings agree on.
 */
import type { Instrument } from "./instrument";

// NIFTY 50 and NIFTY BANK. High confidence: their rules admit only stocks with derivatives.
const indexMembers = [
  "ADANIENT", "ADANIPORTS", "APOLLOHOSP", "ASIANPAINT", "AUBANK", "AXISBANK", "BAJAJ-AUTO", "BAJAJFINSV", "BAJFINANCE",
  "BANKBARODA", "BEL", "BHARTIARTL", "CANBK", "CIPLA", "COALINDIA", "DRREDDY", "EICHERMOT", "ETERNAL", "FEDERALBNK", "GRASIM",
  "HCLTECH", "HDFCBANK", "HDFCLIFE", "HINDALCO", "HINDUNILVR", "ICICIBANK", "IDFCFIRSTB", "INDIGO", "INDUSINDBK", "INFY",
  "ITC", "JIOFIN", "JSWSTEEL", "KOTAKBANK", "LT", "M&M", "MARUTI", "MAXHEALTH", "NESTLEIND", "NTPC", "ONGC", "PNB",
  "POWERGRID", "RELIANCE", "SBILIFE", "SBIN", "SHRIRAMFIN", "SUNPHARMA", "TATACONSUM", "TATASTEEL", "TCS", "TECHM", "TITAN",
  "TMPV", "TRENT", "ULTRACEMCO", "UNIONBANK", "WIPRO", "YESBANK",
];

// NIFTY NEXT 50. Medium confidence: its rules allow a few stocks without.
const nextMembers = [
  "ABB", "ADANIENSOL", "ADANIGREEN", "ADANIPOWER", "AMBUJACEM", "BAJAJHLDNG", "BOSCHLTD", "BPCL", "BRITANNIA", "CGPOWER",
  "CHOLAFIN", "CUMMINSIND", "DIVISLAB", "DLF", "DMART", "ENRIN", "GAIL", "GODREJCP", "HAL", "HDFCAMC", "HINDZINC", "HYUNDAI",
  "INDHOTEL", "IOC", "IRFC", "JINDALSTEL", "LODHA", "LTM", "MAZDOCK", "MOTHERSON", "MUTHOOTFIN", "PFC", "PIDILITIND",
  "RECLTD", "SHREECEM", "SIEMENS", "SOLARINDS", "TATACAP", "TATAPOWER", "TMCV", "TORNTPHARM", "TVSMOTOR", "UNITDSPR", "VBL",
  "VEDL", "ZYDUSLIFE",
];

// Other underlyings of stock futures. Medium confidence: public listings of 2026 that agree, one of them of the exchange's own
// answer (underlying-information); stocks that came or went during the year are not among them.
const otherUnderlyings = [
  "360ONE", "ABCAPITAL", "ALKEM", "AMBER", "ANGELONE", "APLAPOLLO", "ASHOKLEY", "ASTRAL", "AUROPHARMA", "BANDHANBNK",
  "BANKINDIA", "BDL", "BHARATFORG", "BHEL", "BIOCON", "BLUESTARCO", "BSE", "CAMS", "CDSL", "COCHINSHIP", "COFORGE", "COLPAL",
  "CONCOR", "CROMPTON", "DABUR", "DELHIVERY", "DIXON", "FORCEMOT", "FORTIS", "GLENMARK", "GMRAIRPORT", "GODFRYPHLP",
  "GODREJPROP", "GVT&D", "HAVELLS", "HEROMOTOCO", "HINDPETRO", "ICICIGI", "ICICIPRULI", "IDEA", "IEX", "INDIANB", "INDUSTOWER",
  "INOXWIND", "IREDA", "JSWENERGY", "JUBLFOOD", "KALYANKJIL", "KAYNES", "KEI", "KFINTECH", "KPITTECH", "LAURUSLABS",
  "LICHSGFIN", "LICI", "LTF", "LUPIN", "MANAPPURAM", "MANKIND", "MARICO", "MCX", "MFSL", "MOTILALOFS", "MPHASIS", "NAM-INDIA",
  "NATIONALUM", "NAUKRI", "NBCC", "NHPC", "NMDC", "NYKAA", "OBEROIRLTY", "OFSS", "OIL", "PAGEIND", "PATANJALI", "PAYTM",
  "PERSISTENT", "PETRONET", "PGEL", "PHOENIXLTD", "PIIND", "PNBHOUSING", "POLICYBZR", "POLYCAB", "POWERINDIA", "PREMIERENE",
  "PRESTIGE", "RADICO", "RBLBANK", "RVNL", "SAIL", "SBICARD", "SONACOMS", "SRF", "SUPREMEIND", "SUZLON", "SWIGGY", "TATAELXSI",
  "TIINDIA", "UNOMINDA", "UPL", "VMM", "VOLTAS", "WAAREEENER",
];

const symbols: ReadonlySet<string> = new Set([...indexMembers, ...nextMembers, ...otherUnderlyings]);

/** Whether a stock's day ends in a closing auction, as far as the set above knows. */
export const hasClosingAuction = (symbol: string): boolean => symbols.has(symbol);

/** The same, and every underlying of a future of the list that has not expired on the date (`YYYY-MM-DD`). */
export const closingAuctionIn = (listed: Iterable<Pick<Instrument, "exchange" | "segment" | "name" | "expiry">>, date: string): ((symbol: string) => boolean) => {
  const underlyings = new Set(symbols);
  for (const { exchange, segment, name, expiry } of listed) {
    if (segment === "futures" && (exchange === "NFO" || exchange === "BFO") && (expiry === null || expiry >= date)) underlyings.add(name);
  }
  return (symbol) => underlyings.has(symbol);
};
