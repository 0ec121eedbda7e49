import { redirect } from "next/navigation";

/** A chart of nothing in particular is the one the home page opens. */
export default function ChartIndex(): never {
  redirect("/");
}
