/** Maps columns to roles, by the names vendors and exchanges use and by `--columns`. */
import { badInput } from "@/server/domain/basics/errors";
import { IST_OFFSET_MS } from "@/server/domain/time/session";

export const roles = [
  "time",
  "clock",
  "open",
  "high",
  "low",
  "close",
  "volume",
  "price",
  "symbol",
  "series",
  "exchange",
  "token",
] as const;
export type Role = (typeof roles)[number];

/** What a file holds. */
export type TableKind = "bars" | "ticks";

/** What to write if the columns have no names. */
export const exampleColumns: Readonly<Record<TableKind, string>> = {
  bars: "--columns time,open,high,low,close,volume",
  ticks: "--columns time,price,volume",
};

/** A name as it is compared: without case, spaces, signs, brackets, the currency, the number that Alpha Vantage puts before it and the help that Yahoo's page puts behind it. */
export const nameKey = (name: string): string =>
  name
    .toLowerCase()
    .replace(/(?<=price) adjusted for splits.*$/, "")
    .replace("adj close adjusted close price", "adj close")
    .replace(/^\s*\d+[a-z]?\.\s+(?=[a-z])/, "")
    .replaceAll(/\((?:rs\.?|inr|₹)\)/g, "")
    .replaceAll(/[^a-z0-9]/g, "");

// Each list is in order of preference: if a file has two of them, the first applies.
const SYMBOL = [
  "symbol",
  "ticker",
  "code",
  "tradingsymbol",
  "trdsym",
  "tckrsymb",
  "fininstrmnm",
  "scrip",
  "scripname",
  "scname",
  "stock",
  "stockname",
  "stockcode",
  "security",
  "securityname",
  "sccode",
  "scripcode",
  "indexname",
  "chsymbol",
  "eodindexname",
  "name",
];
/**
 * Names that identify an instrument if there is no symbol column; beside one they contain its kind, its company, or its
 * underlying.
 */
const NAMING = [
  "instrument",
  "instrumentname",
  "instrumentkey",
  "instrumentid",
  "contract",
  "contractname",
  "contractsymbol",
  "sym",
  "scripsymbol",
  "stocksymbol",
  "symbolname",
  "tickersymbol",
  "asset",
  "assetname",
  "commodity",
  "underlying",
  "underlyingsymbol",
  "company",
  "companyname",
  "isin",
  "isincode",
  "isinno",
];
const SERIES = ["series", "sctysrs", "chseries"];
const EXCHANGE = ["exchange", "exch", "exchangecode", "exchcode", "exchseg", "src"];
const TOKEN = ["instrumenttoken", "token", "symboltoken", "exchangetoken", "securityid"];
const EXPIRY = ["xprydt", "expirydt", "expirydate", "expiry"];
const STRIKE = ["strike", "strikeprice", "strkpric", "strikepr", "strikeprc"];
const RIGHT = ["optiontype", "optiontyp", "optntp", "opttype", "right", "callput", "cepe"];
const CLOCK = ["time", "tradetime", "hhmm", "hhmmss", "timehhmm", "timehhmmss", "tm"];
const DATES = [
  "date",
  "tradedate",
  "tradingdate",
  "traddt",
  "bizdt",
  "date1",
  "dt",
  "dtyyyymmdd",
  "dateyyyymmdd",
  "dateymd",
  "datedmy",
  "datemdy",
  "dtyymmdd",
  "historicaldate",
  "indexdate",
  "day",
];

const BAR_TIME = [
  "datetime",
  "dateandtime",
  "timestamp",
  ...DATES,
  "chtimestamp",
  "eodtimestamp",
  "bartime",
  "candletime",
  "starttime",
  "opentime",
  "endtime",
  "closetime",
  "time",
  "t",
  "ts",
  "ssboe",
  "epoch",
  "epochtime",
  "unixtime",
  "indexlevel0",
];
const TICK_TIME = [
  "exchangetimestamp",
  "exchangets",
  "exchangetime",
  "exchtime",
  "exchfeedtime",
  "exchangefeedtime",
  "datetime",
  "dateandtime",
  "timestamp",
  ...DATES,
  "tickts",
  "ticktime",
  "time",
  "t",
  "ts",
  "lasttradetime",
  "lasttradedtime",
  "ltt",
  "epoch",
  "epochtime",
  "unixtime",
  "receivedtime",
  "recvts",
  "indexlevel0",
];
const BAR_VOLUME = [
  "intv",
  "volume",
  "vol",
  "v",
  "totaltradedquantity",
  "totaltradedqty",
  "totaltradedvolume",
  "tottrdqty",
  "ttltrdqnty",
  "ttltradgvol",
  "chtottradedqty",
  "hittradedqty",
  "sharestraded",
  "noofshares",
  "noofsharestraded",
  "noofshrs",
  "tradedqty",
  "tradedquantity",
  "tradequantity",
  "tradedvolume",
  "tradevolume",
  "volumetraded",
  "totalvolume",
  "totaltradequantity",
  "totalquantity",
  "totalqty",
  "quantity",
  "qty",
  "shares",
];
/** What feeds call the day's volume so far; names that may as well be one trade's come last. A last quantity is none. */
const DAY_VOLUME = [
  "volumetraded",
  "volumetradedtoday",
  "volumetradedfortheday",
  "volumetradefortheday",
  "voltradedtoday",
  "totaltradedvolume",
  "totaltradedquantity",
  "totaltradedqty",
  "tottrdqty",
  "ttq",
  "vtt",
  "cumulativevolume",
  "cumvolume",
  "cumvol",
  "dayvolume",
  "totalvolume",
  "volume",
  "tradedvolume",
  "vol",
  "v",
];
const PLAIN_VOLUME = new Set(["volume", "tradedvolume", "vol", "v"]);

/** A currency in its name says that a volume is a value, not a count. */
export const isMoney = (name: string): boolean => /₹|\((?:rs\.?|inr)\)/i.test(name);

/** Columns that are called a volume as much as the one at `taken`. */
export const rivalVolumes = (names: readonly string[], taken: number, kind: TableKind): number[] => {
  const chosen = nameKey(names[taken]!);
  // Noren writes the bar's own volume as intv, and the day's as v; a bridge the version of its lines as v.
  if (chosen === "intv") return [];
  return names.flatMap((name, at) => {
    const key = nameKey(name);
    if (
      at === taken ||
      isMoney(name) ||
      !(kind === "bars" ? BAR_VOLUME : DAY_VOLUME).includes(key) ||
      (kind === "ticks" && PLAIN_VOLUME.has(key) && (!PLAIN_VOLUME.has(chosen) || key === "v"))
    )
      return [];
    return [at];
  });
};

const BAR_NAMES: Partial<Record<Role, readonly string[]>> = {
  time: BAR_TIME,
  symbol: SYMBOL,
  series: SERIES,
  exchange: EXCHANGE,
  token: TOKEN,
  volume: BAR_VOLUME,
  open: ["open", "o", "openprice", "opnpric", "into", "chopeningprice", "eodopenindexval", "openindexvalue", "opn"],
  high: ["high", "h", "highprice", "hghpric", "inth", "chtradehighprice", "eodhighindexval", "highindexvalue"],
  low: ["low", "l", "lowprice", "lwpric", "intl", "chtradelowprice", "eodlowindexval", "lowindexvalue"],
  close: [
    "close",
    "c",
    "closeprice",
    "clspric",
    "intc",
    "chclosingprice",
    "eodcloseindexval",
    "closingindexvalue",
    "closecloseprice",
  ],
};
const TICK_NAMES: Partial<Record<Role, readonly string[]>> = {
  time: TICK_TIME,
  symbol: SYMBOL,
  exchange: EXCHANGE,
  token: TOKEN,
  volume: DAY_VOLUME,
  price: [
    "ltp",
    "lastprice",
    "lasttradedprice",
    "lasttradeprice",
    "price",
    "tradeprice",
    "last",
    "lp",
    "indexvalue",
    "value",
    "rate",
  ],
};

/** Columns that are no volume, whatever they hold. */
const NO_VOLUME = new Set([
  ...SYMBOL,
  ...SERIES,
  ...EXCHANGE,
  ...TOKEN,
  ...BAR_TIME,
  ...CLOCK,
  ...TICK_TIME,
  "",
  "unnamed0",
  "index",
  "level0",
  "id",
  "no",
  "srno",
  "sno",
  "per",
  "period",
  "interval",
  "timeframe",
  "isin",
  "group",
  "type",
  "oi",
  "openinterest",
  "openint",
  "opnintrst",
  "chgoi",
  "chginoi",
  "chnginopnintrst",
  "intoi",
  "trades",
  "nooftrades",
  "totaltrades",
  "numberoftrades",
  "count",
  "ticks",
  "ttlnboftxsexctd",
  "chtotaltrades",
  "last",
  "lastprice",
  "lastpric",
  "ltp",
  "prevclose",
  "previousclose",
  "prevclosgpric",
  "prvsclsgpric",
  "chpreviousclsprice",
  "vwap",
  "intvwap",
  "average",
  "averageprice",
  "avgprice",
  "wap",
  "adjclose",
  "adjustedclose",
  "value",
  "turnover",
  "turnoverlacs",
  "turnovercr",
  "turnoverinlacs",
  "tottrdval",
  "ttltrfval",
  "totalturnover",
  "totalturnoverrs",
  "delivqty",
  "deliverableqty",
  "deliverablequantity",
  "delivper",
  "dlyqttotradedqty",
  "delqtytotradedqty",
  "deliqtytotradedqty",
  "dividends",
  "stocksplits",
  "splits",
  "capitalgains",
  "52wh",
  "52wl",
  "52weekhigh",
  "52weeklow",
  "spread",
  "spreadhighlow",
  "spreadcloseopen",
  "tickvol",
  "stat",
  "state",
  "rev",
  "incomplete",
  "strike",
  "strikeprice",
  "strkpric",
  "strikepr",
  "expiry",
  "expirydate",
  "expirydt",
  "xprydt",
  "fininstrmactlxprydt",
  "right",
  "optiontype",
  "optiontyp",
  "optntp",
  "fininstrmid",
  "fininstrmtp",
  "newbrdlotqty",
  "lotsize",
  "undrlygpric",
  "sttlmpric",
  "settlepr",
  "ssnid",
  "sgmt",
  "rmks",
  "change",
  "changepercent",
  "pchange",
  "symbolcount",
  "repeat",
]);
/** A name under which a column may say which instrument a row is of. */
export const isNamingName = (name: string): boolean => SYMBOL.includes(nameKey(name)) || NAMING.includes(nameKey(name));

/** For ticks: each trade's own quantity, which is not the day's volume. */
const LAST_QUANTITY = new Set([
  "ltq",
  "lastquantity",
  "lasttradedquantity",
  "lasttradequantity",
  "lastqty",
  "lasttradedqty",
  "lastsize",
]);
const DOUBTED_TICK_VOLUME = new Set(["qty", "quantity", "size", "shares", "tradedqty", "tradedquantity"]);

export const isNoVolume = (name: string, kind: TableKind): boolean =>
  kind === "bars"
    ? NO_VOLUME.has(nameKey(name)) || /^rsrvd?\d+$|^unnamed\d+$/.test(nameKey(name))
    : !DOUBTED_TICK_VOLUME.has(nameKey(name)) || LAST_QUANTITY.has(nameKey(name));

/** Column positions by role. A time may have several columns; the first one that is filled applies. */
export interface Places {
  time: number[];
  clock: number;
  open: number;
  high: number;
  low: number;
  close: number;
  price: number;
  /** -1: none. */
  volume: number;
  symbol: number[];
  series: number;
  exchange: number;
  token: number;
  /** For contracts: filled in rows of derivatives. */
  expiry: number;
  strike: number;
  /** Call or put. */
  right: number;
  /** `tick`, `heartbeat`, `status`, in a bridge's lines. */
  type: number;
  /** For a time in parts, `clock` is the hour. */
  minute: number;
  second: number;
  /** The time is in parts. */
  inParts: boolean;
  /** Which end of a bar its time labels, if the column names say so. */
  labels: "start" | "end" | null;
}

export const noPlaces = (): Places => ({
  time: [],
  clock: -1,
  open: -1,
  high: -1,
  low: -1,
  close: -1,
  price: -1,
  volume: -1,
  symbol: [],
  series: -1,
  exchange: -1,
  token: -1,
  expiry: -1,
  strike: -1,
  right: -1,
  type: -1,
  minute: -1,
  second: -1,
  inParts: false,
  labels: null,
});

/** Names of the times that a program numbers or leaves nameless: the index of a table of pandas. */
const INDEX = ["", "index", "unnamed0", "level0"];

/** Columns without a name of their own that may hold the times. */
export const indexColumns = (names: readonly string[]): number[] =>
  names.flatMap((name, at) => (INDEX.includes(nameKey(name)) ? [at] : []));

/** Roles that a name can give. */
export const isKnownName = (name: string, kind: TableKind): boolean => {
  const key = nameKey(name);
  if ((kind === "bars" ? BAR_TIME : TICK_TIME).includes(timeKey(name))) return true;
  return (
    key !== "" &&
    (Object.values(kind === "bars" ? BAR_NAMES : TICK_NAMES).some((names) => names.includes(key)) ||
      (kind === "bars" && key === "adjclose"))
  );
};

/** Required roles of each kind. */
const NEEDED: Record<TableKind, readonly Role[]> = { bars: ["open", "high", "low", "close"], ticks: ["price"] };

/** The columns that names give, and the roles that are missing. Two columns of one name for one role are `doubled`. */
export const placesOfNames = (
  names: readonly string[],
  kind: TableKind,
): { places: Places; missing: Role[]; doubled: { role: Role; name: string } | null } => {
  const keys = names.map(nameKey);
  const counts = names.map((name, at) => (isMoney(name) ? "" : keys[at]!));
  const of = kind === "bars" ? BAR_NAMES : TICK_NAMES;
  const places = noPlaces();
  let doubled: { role: Role; name: string } | null = null;
  const find = (role: Role): number => {
    const named = role === "volume" ? counts : keys;
    for (const name of of[role] ?? []) {
      const at = named.indexOf(name);
      if (at === -1) continue;
      if (named.indexOf(name, at + 1) !== -1 && (NEEDED[kind].includes(role) || role === "volume"))
        doubled ??= { role, name: names[at]! };
      return at;
    }
    return -1;
  };
  for (const role of [...NEEDED[kind], "volume", "series", "exchange", "token"] as const)
    places[role as "open"] = find(role);
  // Investing.com calls the close Price, beside a change in percent.
  if (kind === "bars" && places.close === -1 && keys.includes("price") && keys.includes("change"))
    places.close = keys.indexOf("price");
  for (const [role, list] of [
    ["expiry", EXPIRY],
    ["strike", STRIKE],
    ["right", RIGHT],
  ] as const)
    places[role] = keys.findIndex((key) => list.includes(key));
  places.type = kind === "ticks" ? keys.indexOf("type") : -1;
  // A bridge's lines carry the version of their shape as v.
  if (places.type !== -1 && places.volume !== -1 && keys[places.volume] === "v") places.volume = -1;
  const named = (list: readonly string[]): number[] => list.map((name) => keys.indexOf(name)).filter((at) => at !== -1);
  places.symbol = named(SYMBOL);
  if (places.symbol.length === 0) places.symbol = named(NAMING);
  places.time = timeColumns(names, of.time ?? []);
  const [first] = places.time;
  if (first !== undefined && (kind === "bars" || DATES.includes(timeKey(names[first]!))))
    placesAt(places, names, first);
  if (places.series !== -1 && keys[places.series] === "series" && kind === "ticks") places.series = -1;
  const missing: Role[] = NEEDED[kind].filter((role) => places[role as "open"] === -1);
  if (first === undefined) missing.unshift("time");
  return { places, missing, doubled };
};

/** A time column's name for comparison, without its zone. */
const timeKey = (name: string): string =>
  nameKey(name).replace(/^(?:ist|utc|gmt|local)(?=[a-z])|(?<=[a-z])(?:ist|utc|gmt|local)$/g, "");

/** Offset in ms of the zone that a column's name says; null where it says none. */
export const zoneOfName = (name: string): number | null => {
  const zone =
    /(?:^|[^a-z])(ist|utc|gmt)(?:[^a-z]|$)/.exec(name.replaceAll(/([a-z])([A-Z])/g, "$1 $2").toLowerCase())?.[1] ??
    null;
  return zone === null ? null : zone === "ist" ? IST_OFFSET_MS : 0;
};

/** Columns that may be the time of a row, in order of preference. */
export const timeColumns = (names: readonly string[], list: readonly string[] = BAR_TIME): number[] => {
  const keys = names.map(timeKey);
  return list.map((name) => keys.indexOf(name)).filter((at) => at !== -1);
};

/** Finds the rows' time column, and the clock column beside a date. */
export const placesAt = (places: Places, names: readonly string[], at: number): void => {
  const keys = names.map(timeKey);
  places.time = [at];
  places.clock = DATES.includes(keys[at]!)
    ? (CLOCK.map((name) => keys.indexOf(name)).find((clock) => clock !== -1 && clock !== at) ?? -1)
    : -1;
  places.labels = /^(start|open)time$/.test(keys[at]!) ? "start" : /^(end|close)time$/.test(keys[at]!) ? "end" : null;
};

/** Columns of a clock in parts. */
export const clockParts = (names: readonly string[]): { hour: number; minute: number; second: number } => {
  const keys = names.map(nameKey);
  const of = (...list: string[]): number => keys.findIndex((key) => list.includes(key));
  return {
    hour: of("hour", "hours", "hh", "hr"),
    minute: of("minute", "minutes", "min", "mm"),
    second: of("second", "seconds", "sec", "ss"),
  };
};

/** The time of day of a row as it is read apart from its date; empty where no column has one. */
export const clockText = (row: readonly string[], { clock, minute, second, inParts }: Places): string => {
  if (clock === -1) return "";
  const text = row[clock] ?? "";
  if (!inParts) return text;
  const two = (at: number): string => (at === -1 ? "00" : (row[at] ?? "").trim().replace(/\.0+$/, "").padStart(2, "0"));
  return `${two(clock)}:${two(minute)}:${two(second)}`;
};

/** Columns given by a person: a name or a number from 1 for each role, or none. */
export type ColumnWishes = ReadonlyMap<Role, string | number | null>;

/**
 * `time=Date,volume=TTL_TRD_QNTY,series=none`, or the roles in the file's order: `time,open,high,low,close,volume`, `-` for
 * a column that is passed over. Throws `bad_input` for `--columns`.
 */
export const columnWishes = (text: string): ColumnWishes => {
  const accepted = `ROLE=NAME, ROLE=NUMBER or ROLE=none, separated by commas, or the roles in file order (- skips a column); roles are ${roles.join(", ")}`;
  const wishes = new Map<Role, string | number | null>();
  const parts = text.split(",").map((part) => part.trim());
  const put = (name: string, value: string | number | null): void => {
    const role = name.trim().toLowerCase() as Role;
    if (!roles.includes(role) || wishes.has(role)) throw badInput("--columns", text, accepted);
    wishes.set(role, value);
  };
  if (parts.some((part) => part.includes("="))) {
    for (const part of parts) {
      const at = part.indexOf("=");
      const value = part.slice(at + 1).trim();
      if (at <= 0 || value === "" || value === "0") throw badInput("--columns", text, accepted);
      put(part.slice(0, at), /^none$/i.test(value) ? null : /^\d+$/.test(value) ? Number(value) : value);
    }
  } else
    parts.forEach((part, at) => {
      if (part !== "-" && part !== "") put(part, at + 1);
    });
  return wishes;
};

/** True if a person named the columns of times and figures, not only excluded columns or other roles. */
export const tellsPlaces = (wishes: ColumnWishes): boolean =>
  [...wishes].some(([role, value]) => value !== null && !["symbol", "series", "exchange", "token"].includes(role));

/** True when a row of names has every name that was wished for. */
export const hasWished = (names: readonly string[], wishes: ColumnWishes): boolean => {
  const keys = names.map(nameKey);
  return [...wishes.values()].every(
    (value) => typeof value !== "string" || names.includes(value) || keys.includes(nameKey(value)),
  );
};

/** Applies the requested columns over the detected ones; returns the roles still missing. */
export const applyWishes = (
  places: Places,
  names: readonly string[] | null,
  width: number,
  wishes: ColumnWishes,
  kind: TableKind,
): Role[] => {
  for (const [role, value] of wishes) {
    let at = -1;
    if (typeof value === "number") {
      at = value - 1;
      if (at >= width)
        throw badInput("--columns", `${role}=${value}`, `a number from 1 to ${width}, the number of columns`);
    } else if (value !== null) {
      at = names === null ? -1 : names.indexOf(value);
      if (at === -1 && names !== null) at = names.map(nameKey).indexOf(nameKey(value));
      if (at === -1)
        throw badInput(
          "--columns",
          `${role}=${value}`,
          names === null
            ? "column numbers from 1; the file has no header line"
            : names.filter((name) => name.trim() !== "").join(", "),
        );
    }
    if (role === "time" || role === "symbol") places[role] = at === -1 ? [] : [at];
    else places[role] = at;
  }
  const missing: Role[] = NEEDED[kind].filter((role) => places[role as "open"] === -1);
  if (places.time.length === 0) missing.unshift("time");
  return missing;
};
