/** Reads in the shapes older programs expect: `/intraday/{view}/{symbol}`, `/intraday/{segment}/{token}`. */
export { read as GET } from "@/app/api/_lib/read";
