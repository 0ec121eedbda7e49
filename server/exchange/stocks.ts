/** The NIFTY 50 stocks as the simulated exchange lists them. Prices and volumes are of a likely size, not quotations. */

export type Sector = "bank" | "it" | "auto" | "pharma" | "fmcg" | "metal" | "energy" | "finance" | "infra" | "consumer";

export interface Stock {
  symbol: string;
  name: string;
  sector: Sector;
  /** Rupees around which the price wanders. */
  price: number;
  /** Shares on a usual day session, in hundred thousands. */
  lakhs: number;
  /** How strongly it follows the market. */
  beta: number;
  /** Standard deviation of its own daily move, percent. */
  own: number;
}

type Row = readonly [
  symbol: string,
  name: string,
  sector: Sector,
  price: number,
  lakhs: number,
  beta: number,
  own: number,
];

const rows: readonly Row[] = [
  ["ADANIENT", "ADANI ENTERPRISES", "metal", 2480, 14, 1.5, 1.7],
  ["ADANIPORTS", "ADANI PORT & SEZ", "infra", 1440, 24, 1.35, 1.4],
  ["APOLLOHOSP", "APOLLO HOSPITALS ENTER.", "pharma", 7650, 4, 0.75, 1.1],
  ["ASIANPAINT", "ASIAN PAINTS", "consumer", 2510, 11, 0.7, 1.1],
  ["AXISBANK", "AXIS BANK", "bank", 1190, 92, 1.15, 1.0],
  ["BAJAJ-AUTO", "BAJAJ AUTO", "auto", 8840, 3.5, 0.9, 1.1],
  ["BAJFINANCE", "BAJAJ FINANCE", "finance", 1010, 78, 1.25, 1.2],
  ["BAJAJFINSV", "BAJAJ FINSERV", "finance", 2040, 13, 1.15, 1.1],
  ["BEL", "BHARAT ELECTRONICS", "infra", 412, 165, 1.3, 1.4],
  ["BHARTIARTL", "BHARTI AIRTEL", "consumer", 2010, 55, 0.8, 0.9],
  ["CIPLA", "CIPLA", "pharma", 1515, 15, 0.6, 1.0],
  ["COALINDIA", "COAL INDIA", "energy", 388, 88, 0.85, 1.1],
  ["DRREDDY", "DR. REDDY'S LABORATORIES", "pharma", 1262, 17, 0.55, 1.1],
  ["EICHERMOT", "EICHER MOTORS", "auto", 6980, 4, 0.9, 1.1],
  ["ETERNAL", "ETERNAL", "consumer", 318, 390, 1.2, 1.8],
  ["GRASIM", "GRASIM INDUSTRIES", "infra", 2790, 6, 0.95, 0.9],
  ["HCLTECH", "HCL TECHNOLOGIES", "it", 1540, 27, 0.85, 1.0],
  ["HDFCBANK", "HDFC BANK", "bank", 996, 215, 0.95, 0.8],
  ["HDFCLIFE", "HDFC LIFE INSURANCE", "finance", 752, 24, 0.85, 1.0],
  ["HINDALCO", "HINDALCO INDUSTRIES", "metal", 808, 62, 1.25, 1.2],
  ["HINDUNILVR", "HINDUSTAN UNILEVER", "fmcg", 2430, 14, 0.5, 0.8],
  ["ICICIBANK", "ICICI BANK", "bank", 1372, 118, 1.0, 0.8],
  ["ITC", "ITC", "fmcg", 405, 142, 0.55, 0.7],
  ["INFY", "INFOSYS", "it", 1525, 72, 0.85, 0.9],
  ["INDIGO", "INTERGLOBE AVIATION", "consumer", 5790, 8, 0.95, 1.3],
  ["JSWSTEEL", "JSW STEEL", "metal", 1165, 20, 1.2, 1.1],
  ["JIOFIN", "JIO FINANCIAL SERVICES", "finance", 306, 168, 1.2, 1.3],
  ["KOTAKBANK", "KOTAK MAHINDRA BANK", "bank", 2092, 33, 0.95, 0.9],
  ["LT", "LARSEN & TOUBRO", "infra", 3985, 17, 1.1, 0.9],
  ["M&M", "MAHINDRA & MAHINDRA", "auto", 3640, 21, 1.15, 1.1],
  ["MARUTI", "MARUTI SUZUKI INDIA", "auto", 15740, 3.6, 0.9, 1.0],
  ["MAXHEALTH", "MAX HEALTHCARE INSTITUTE", "pharma", 1148, 1.1, 0.7, 1.3],
  ["NTPC", "NTPC", "energy", 332, 105, 0.95, 0.9],
  ["NESTLEIND", "NESTLE INDIA", "fmcg", 1266, 1.4, 0.5, 0.9],
  ["ONGC", "OIL AND NATURAL GAS CORP.", "energy", 248, 112, 1.0, 1.1],
  ["POWERGRID", "POWER GRID CORP. OF INDIA", "energy", 278, 96, 0.85, 0.9],
  ["RELIANCE", "RELIANCE INDUSTRIES", "energy", 1488, 126, 1.05, 0.8],
  ["SBILIFE", "SBI LIFE INSURANCE", "finance", 1985, 1.6, 0.8, 1.0],
  ["SHRIRAMFIN", "SHRIRAM FINANCE", "finance", 812, 46, 1.35, 1.5],
  ["SBIN", "STATE BANK OF INDIA", "bank", 968, 104, 1.15, 0.9],
  ["SUNPHARMA", "SUN PHARMACEUTICAL INDUSTRIES", "pharma", 1732, 19, 0.6, 0.9],
  ["TCS", "TATA CONSULTANCY SERVICES", "it", 3110, 25, 0.75, 0.8],
  ["TATACONSUM", "TATA CONSUMER PRODUCTS", "fmcg", 1172, 0.7, 0.65, 1.0],
  ["TMPV", "TATA MOTORS PASSENGER VEHICLES", "auto", 392, 118, 1.3, 1.4],
  ["TATASTEEL", "TATA STEEL", "metal", 176, 310, 1.3, 1.2],
  ["TECHM", "TECH MAHINDRA", "it", 1438, 14, 0.95, 1.2],
  ["TITAN", "TITAN COMPANY", "consumer", 3720, 9, 0.85, 1.0],
  ["TRENT", "TRENT", "consumer", 4520, 12, 1.2, 1.7],
  ["ULTRACEMCO", "ULTRATECH CEMENT", "infra", 11870, 2.4, 0.95, 0.9],
  ["WIPRO", "WIPRO", "it", 243, 98, 0.9, 1.0],
];

export const stocks: readonly Stock[] = rows.map(([symbol, name, sector, price, lakhs, beta, own]) => ({
  symbol,
  name,
  sector,
  price,
  lakhs,
  beta,
  own,
}));

export interface IndexValue {
  symbol: string;
  level: number;
  /** Loading on the market, and on one sector if it has one. */
  beta: number;
  sector: Sector | null;
  own: number;
}

export const indices: readonly IndexValue[] = [
  { symbol: "NIFTY 50", level: 26050, beta: 1, sector: null, own: 0.05 },
  { symbol: "NIFTY BANK", level: 58900, beta: 1.05, sector: "bank", own: 0.1 },
  { symbol: "NIFTY IT", level: 37200, beta: 0.85, sector: "it", own: 0.15 },
  { symbol: "NIFTY AUTO", level: 27350, beta: 1, sector: "auto", own: 0.15 },
  { symbol: "NIFTY PHARMA", level: 22480, beta: 0.6, sector: "pharma", own: 0.15 },
  { symbol: "NIFTY FMCG", level: 55600, beta: 0.55, sector: "fmcg", own: 0.12 },
  { symbol: "NIFTY METAL", level: 10420, beta: 1.25, sector: "metal", own: 0.2 },
  { symbol: "INDIA VIX", level: 13.4, beta: -3, sector: null, own: 3.2 },
];

export interface FutureRoot {
  root: string;
  /** Symbol of the index or stock it follows. */
  underlying: string;
  lot: number;
  /** Lots on a usual day session, and lots open. */
  lots: number;
  open: number;
}

export const futureRoots: readonly FutureRoot[] = [
  { root: "NIFTY", underlying: "NIFTY 50", lot: 75, lots: 110_000, open: 240_000 },
  { root: "BANKNIFTY", underlying: "NIFTY BANK", lot: 35, lots: 62_000, open: 78_000 },
  { root: "RELIANCE", underlying: "RELIANCE", lot: 500, lots: 21_000, open: 190_000 },
  { root: "HDFCBANK", underlying: "HDFCBANK", lot: 550, lots: 24_000, open: 310_000 },
];
