/** Rows of a Parquet file as a table of texts: the same names and checks as of any file. */
import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects, type FileMetaData } from "hyparquet";
import { badInput } from "@/server/domain/basics/errors";
import type { RowBlock } from "@/server/files/row-block";
import type { Table } from "@/server/files/rows";

/** Rows decoded at a time. */
const ROWS = 20_000;
/** Throws `bad_input` for `field` on a file that cannot be read. */
export const openParquet = async (file: string, field: string): Promise<Table> => {
  const buffer = await asyncBufferFromFile(file).catch((cause: Error) => {
    throw badInput(field, file, `a readable file (${cause.message})`);
  });
  const metadata = await parquetMetadataAsync(buffer).catch((cause: Error) => {
    throw badInput(field, file, `a Parquet file (${cause.message})`);
  });
  const columns = metadata.schema.filter((each) => each.num_children === undefined || each.num_children === 0);
  const names = columns.map(({ name }) => name);
  const texts = columns.map(textOf);
  const total = Number(metadata.num_rows);
  async function* blocks(): AsyncGenerator<RowBlock> {
    for (let from = 0; from < total; from += ROWS) {
      const rows = await parquetReadObjects({
        file: buffer,
        metadata,
        rowStart: from,
        rowEnd: Math.min(total, from + ROWS),
      }).catch((cause: Error) => {
        throw badInput(field, file, `a decodable Parquet file (${cause.message})`);
      });
      yield {
        rows: rows.map((row) => names.map((name, at) => texts[at]!(row[name]))),
        lines: rows.map((_, at) => from + at + 1),
        broken: null,
      };
    }
  }
  return { format: "Parquet", delimiter: null, names, unit: "row", blocks: blocks() };
};

/** How a column's values are written in a bar file. A time that is not tied to UTC is a clock in India, as pandas keeps it. */
const textOf = (column: FileMetaData["schema"][number]): ((value: unknown) => string) => {
  const { logical_type: logical, converted_type: converted } = column;
  const local = logical?.type === "TIMESTAMP" && !logical.isAdjustedToUTC;
  const date = logical?.type === "DATE" || converted === "DATE";
  return (value) => {
    if (value === null || value === undefined) return "";
    if (value instanceof Date) {
      const iso = value.toISOString();
      return date ? iso.slice(0, 10) : local ? iso.slice(0, 23).replace("T", " ") : iso;
    }
    if (typeof value === "number") return decimalText(value);
    return String(value);
  };
};

/** Without an exponent, which no price is written with. */
const decimalText = (value: number): string => (Number.isInteger(value) ? value.toFixed(0) : value.toFixed(8));
