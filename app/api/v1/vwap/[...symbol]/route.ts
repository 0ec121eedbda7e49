/** Traded value over volume of a span. */
export { read as GET } from "@/app/api/_lib/read";
