/** Every tick of a span as it came. */
export { read as GET } from "@/app/api/_lib/read";
