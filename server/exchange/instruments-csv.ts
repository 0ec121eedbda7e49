import { exchangeOf } from "./market";
import { toDecimalText } from "@/server/domain/basics/price";
import type { TradingCalendar } from "./calendar";
import type { Faults } from "./faults";
import type { Listing } from "./listing";

const HEADER =
  "instrument_token,exchange_token,tradingsymbol,name,last_price,expiry,strike,tick_size,lot_size,instrument_type,segment,exchange";

const segmentOf = (exchange: string, { segment }: Listing): string =>
  segment === "INDICES" ? segment : segment === "SIM" ? exchange : `${exchange}-FUT`;

/** Kite's instrument dump: twelve columns, one row a listing. `last_price` is 0 there as well. */
export const instrumentsCsv = (calendar: TradingCalendar, listings: readonly Listing[]): string => {
  const rows = listings.map((listing) =>
    [
      listing.token,
      listing.exchangeToken,
      listing.symbol,
      listing.name,
      0,
      listing.expiry ?? "",
      0,
      toDecimalText(listing.tick, 2),
      listing.lot,
      listing.type,
      segmentOf(exchangeOf(calendar, listing), listing),
      exchangeOf(calendar, listing),
    ].join(","),
  );
  return `${HEADER}\n${rows.join("\n")}\n`;
};

/** Rows no reader can take: dates that are none, a lot beyond any number, a control character, halves of rows. */
const BAD_ROWS = [
  "31132417,121611,BADEXPIRY,BAD,0,2026-13-45,0,0.05,1,FUT,SIM-FUT,SIM",
  "31132673,121612,BADLOT,BAD,0,,0,0.05,99999999999,EQ,SIM,SIM",
  "31132929,121613,BAD\0NUL,BAD,0,,0,0.05,1,EQ,SIM,SIM",
  "31133185,121614",
  "soon,121615,BADTOKEN,BAD,0,,0,0.05,1,EQ,SIM,SIM",
  '31133441,121616,"BADQUOTE,BAD,0,,0,0.05,1,EQ,SIM,SIM',
];
const UNKNOWN_ROWS = [
  "31132428,121611,ALUMINI26DECFUT,ALUMINI,0,2026-12-31,0,0.05,1,FUT,NCO-FUT,NCO",
  "4111,16,DJIA,Dow Jones,0,,0,0,0,EQ,INDICES,GLOBAL",
  "4367,17,NEWCO,NEWCO,0,,0,0.05,1,EQ,NEWX,NEWX",
];

/** The instrument dump with a fault applied. */
export const faultyList = (calendar: TradingCalendar, listings: readonly Listing[], faults: Faults): string => {
  if (faults.active("html_list") !== null) return "<html><body><h1>502 Bad Gateway</h1></body></html>\n";
  const renamed = faults.active("renamed");
  const named =
    renamed === null
      ? listings
      : listings.map((listing) =>
          renamed.symbols?.has(listing.symbol) === false ? listing : { ...listing, symbol: `${listing.symbol}-NEW` },
        );
  const [header, ...rows] = instrumentsCsv(calendar, named).trimEnd().split("\n");
  const kept =
    faults.active("empty_list") !== null
      ? []
      : faults.active("half_list") !== null
        ? rows.slice(0, rows.length >> 1)
        : rows;
  const more = [
    ...(faults.active("bad_rows") === null ? [] : BAD_ROWS),
    ...(faults.active("unknown_exchange") === null ? [] : UNKNOWN_ROWS),
  ];
  return `${[header, ...more, ...kept].join("\n")}\n`;
};
