/** Open, high, low, close, volume, VWAP and change of a span. */
export { read as GET } from "@/app/api/_lib/read";
