/** Bars of a trading day. */
export { read as GET } from "@/app/api/_lib/read";
