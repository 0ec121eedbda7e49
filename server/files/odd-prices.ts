/** Prices in another unit than rupees. */
import { nameKey } from "./columns";
import { inDoubt } from "./doubt";
import type { Asked, Head, Layout } from "./first-rows";
import type { Table } from "./rows";

/** Names of Angel's stream, which counts its prices in paise; its candles are in rupees. */
const IN_PAISE = ["lasttradedprice", "volumetradefortheday"];

export const paiseDoubt = (
  head: Head,
  { places, names, namesLine, from }: Layout,
  asked: Asked,
  table: Table,
): void => {
  if (asked.kind !== "ticks" || names === null || asked.rules.wishes.has("price")) return;
  const keys = names.map(nameKey);
  if (
    !(keys.includes("subscriptionmode") || IN_PAISE.every((key) => keys.includes(key))) ||
    nameKey(names[places.price] ?? "") !== IN_PAISE[0]
  )
    return;
  const prices = head.rows
    .slice(from)
    .map((row) => row[places.price] ?? "")
    .filter((text) => text !== "");
  if (prices.length === 0 || !prices.every((text) => /^\d+(?:\.0+)?$/.test(text))) return;
  throw inDoubt({
    file: asked.file,
    line: namesLine === 0 ? head.lines[from]! : namesLine,
    unit: table.unit,
    field: "price",
    value: prices[0],
    why: "Angel's stream gives prices in paise, and no row has decimals",
    option: `prices in rupees, or --columns price=${names[places.price]!} if they are,`,
  });
};
