/**
 * NSE stocks taken to have derivatives, and so a closing auction since 2026-08-03: index members of 2026-09-19.
 * No list of the exchange was at hand. A broker's instruments file says it for certain (a stock with a future in
 * NFO), so give `hoursOf` a predicate from it where one is loaded; this set is for the times when none is.
 */

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

const symbols: ReadonlySet<string> = new Set([...indexMembers, ...nextMembers]);

/** Whether a stock's day ends in a closing auction, as far as the set above knows. */
export const hasClosingAuction = (symbol: string): boolean => symbols.has(symbol);
