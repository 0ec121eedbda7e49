/** Bars of any timeframe and range, the last one may be forming; `/passport` after the symbol: how a bar was made. */
export { read as GET } from "@/app/api/_lib/read";
