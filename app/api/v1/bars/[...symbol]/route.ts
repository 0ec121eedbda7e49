/** Bars of any timeframe and range, of which the last may be forming; `/passport` after the symbol returns how a bar was made. */
export { read as GET } from "@/app/api/_lib/read";
