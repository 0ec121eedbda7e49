/** Five levels of both sides: the newest, of an instant, or of a span. */
export { read as GET } from "@/app/api/_lib/read";
