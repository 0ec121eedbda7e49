/** Is the column that was taken for the volume one, and is there none that may be? */
import { type DecimalMark, isNothing, readWhole } from "@/server/domain/basics/read-number";
import { isMoney, isNoVolume, nameKey, rivalVolumes } from "./columns";
import { inDoubt } from "./doubt";
import { type Asked, type Head, type Layout, usedPlaces } from "./first-rows";
import type { Table } from "./rows";

/** So many rows are looked at. */
const LOOK = 200;
const DOUBTFUL_VOLUME = /vol|qty|quant|shares|contracts|lots/i;

/** Throws if an unknown column of whole numbers that may be the volume would be ignored, or if two may be it. */
export const volumeDoubt = (
  head: Head,
  { places, names, namesLine, from }: Layout,
  decimal: DecimalMark,
  asked: Asked,
  table: Table,
  notes: string[],
): void => {
  if (asked.rules.wishes.has("volume")) return;
  const doubt = (at: number, value: string, why: string, others: readonly number[] = []) =>
    inDoubt({
      file: asked.file,
      ...(namesLine === 0 ? {} : { line: namesLine }),
      unit: table.unit,
      field: "volume",
      value,
      why,
      option: `${[at, ...others].map((each) => `--columns volume=${/[,=]/.test(names![each]!) ? each + 1 : names![each]!.trim()}`).join(" or ")}${others.length > 0 ? "" : " or --columns volume=none"}`,
    });
  const rows = head.rows.slice(from, from + LOOK);
  if (places.volume !== -1) {
    if (names === null) return;
    const others = rivalVolumes(names, places.volume, asked.kind).filter((at) =>
      rows.some((row) => {
        const [own, other] = [readWhole(row[places.volume] ?? "", decimal), readWhole(row[at] ?? "", decimal)];
        return !Number.isNaN(own) && !Number.isNaN(other) && own !== other;
      }),
    );
    if (others.length > 0)
      throw doubt(
        places.volume,
        [places.volume, ...others].map((at) => names[at]!.trim()).join(", "),
        "two columns are named volume, and their values differ",
        others,
      );
    return;
  }
  if (!asked.volumeless && names !== null) {
    const used = usedPlaces(places);
    const at = names.findIndex((name, place) => {
      if (used.has(place) || isNoVolume(name, asked.kind) || nameKey(name) === "") return false;
      const texts = rows.map((row) => row[place] ?? "").filter((text) => !isNothing(text));
      return (
        texts.length > 0 &&
        (DOUBTFUL_VOLUME.test(name) || texts.every((text) => !Number.isNaN(readWhole(text, decimal))))
      );
    });
    if (at !== -1)
      throw doubt(
        at,
        names[at]!,
        isMoney(names[at]!)
          ? "its name contains a currency, so it is a value, not a count"
          : "its name does not show whether this column is the volume",
      );
  }
  if (asked.kind === "bars" && !asked.volumeless) notes.push("the file has no volume column; volume is 0");
};
