/** The newest bar, and the newest quote. */
export { read as GET } from "@/app/api/_lib/read";
