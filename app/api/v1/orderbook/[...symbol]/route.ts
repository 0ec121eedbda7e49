/** The newest five levels of both sides. */
export { read as GET } from "@/app/api/_lib/read";
