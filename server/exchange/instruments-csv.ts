import { exchangeOf } from "./market";
import { toDecimalText } from "@/server/domain/price";
import type { TradingCalendar } from "./calendar";
import type { Listing } from "./listing";

const HEADER = "instrument_token,exchange_token,tradingsymbol,name,last_price,expiry,strike,tick_size,lot_size,instrument_type,segment,exchange";

const segmentOf = (exchange: string, { segment }: Listing): string => (segment === "INDICES" ? segment : segment === "SIM" ? exchange : `${exchange}-FUT`);

/** Kite's instrument dump: twelve columns, one row a listing. `last_price` is 0 there as well. */
export const instrumentsCsv = (calendar: TradingCalendar, listings: readonly Listing[]): string => {
  const rows = listings.map((listing) => [
    listing.token, listing.exchangeToken, listing.symbol, listing.name, 0, listing.expiry ?? "", 0,
    toDecimalText(listing.tick, 2), listing.lot, listing.type, segmentOf(exchangeOf(calendar, listing), listing), exchangeOf(calendar, listing),
  ].join(","));
  return `${HEADER}\n${rows.join("\n")}\n`;
};
