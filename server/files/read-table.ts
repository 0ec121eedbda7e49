/** The one way into a file of bars or ticks: opened, understood, and its rows read with the same checks everywhere. */
import { badInput } from "@/server/domain/basics/errors";
import { isNothing } from "@/server/domain/basics/read-number";
import { TimeReader, wrongOffset } from "@/server/domain/time/read-time";
import { istText } from "@/server/domain/time/ist-text";
import { clockText, nameKey, placesOfNames, type TableKind, tellsPlaces } from "./columns";
import { inDoubt, type MalformedLine, placeText } from "./doubt";
import { titleNames } from "./naming";
import { anotherTitle } from "./naming-doubt";
import { type FileOptions, type FileRules, fileRules } from "./options";
import { isComment, openTable, type Table } from "./rows";
import type { TextPieces } from "./text";
import { isEmpty, type Understanding, understand } from "./understand";
import { ANOTHER, type AskedInstrument, isWanted, Whose } from "./whose";

export interface TableOrder {
  kind: TableKind;
  /** As it is called in messages. */
  file: string;
  options?: FileOptions;
  /** Whose rows are wanted; none: the file's own one. */
  instruments?: readonly AskedInstrument[];
}

/** Lines at the end, or between parts of a table, that are no rows and say so. */
const FOOTER =
  /^\s*["']?(?:total|grand total|sub-?total|sum|average|avg\.?|mean|note|source|disclaimer|generated|downloaded|copyright|end of|eof\b|\*|©|-{3,}|={3,}|\+[-+=]{3,}|\(\d+ rows?\)|\[\d+ rows? x \d+ columns?\])/i;

/** How databases and pandas end their output. */
const COUNT = /^\s*[([]\d+ rows?\b/;

/** What programs call lines that hold a last traded price. */
const TRADED = /^(?:tick|ticker|trade|ltp|ltpc|quote|full)s?(?: (?:data|packet|mode))?$/i;

/** Number of skipped lines that are reported. */
const TOLD = 5;

/** A row that may be a bar or a tick, with what all kinds of rows have. */
export interface Row {
  fields: readonly string[];
  line: number;
  /** Place among the instruments asked for. */
  whose: number;
  /** Epoch ms. */
  time: number;
}

/** A table that has been understood: its rows are read once. */
export class OpenTable {
  /** Titles, footers, repeated names: lines that are no rows and were not refused. */
  passedOver: string[] = [];
  passedOverCount = 0;
  /** Rows whose clock writes no zone. */
  zoneless = 0;
  readonly whose: Whose;
  /** Line of the first row of another instrument. */
  private anotherAt: number | null = null;
  /** Only indices are asked for: they have no volume. */
  readonly isVolumeless: boolean;
  private readonly times: TimeReader;
  private readonly isWanted: (name: string) => boolean;

  constructor(
    readonly seen: Understanding,
    readonly rules: FileRules,
    private readonly order: TableOrder,
  ) {
    this.whose = new Whose(order.instruments ?? [], seen.places, rules.symbol);
    this.times = new TimeReader(seen.times);
    this.isWanted = isWanted(order.instruments ?? [], rules.symbol);
    this.isVolumeless = isVolumeless(order.instruments ?? []);
  }

  get file(): string {
    return this.order.file;
  }

  /** Hands over the rows piece by piece: `row` answers why it cannot take one. Between pieces others get their turn. */
  async *read(row: (row: Row) => string | null): AsyncGenerator<MalformedLine[]> {
    const {
      seen,
      order: { file },
    } = this;
    const { places, names, unit } = seen;
    const time = places.time[0]!;
    const each: { fields: readonly string[]; line: number; whose: number; time: number } = {
      fields: [],
      line: 0,
      whose: 0,
      time: 0,
    };
    for await (const block of seen.blocks) {
      let malformed: MalformedLine[] = [];
      for (let at = 0; at < block.rows.length; at++) {
        const fields = block.rows[at]!;
        const line = block.lines[at]!;
        const refuse = (reason: string): void => {
          malformed.push({
            file,
            line,
            text: fields.join(seen.delimiter ?? ","),
            reason,
            ...(unit === "row" ? { unit } : {}),
          });
        };
        if (isEmpty(fields)) continue;
        const broken = block.broken?.get(at);
        if (broken !== undefined) {
          refuse(broken);
          continue;
        }
        const stamp = fields[time];
        // Digits begin nearly every row: the rest is looked at more closely.
        if (stamp === undefined || !(stamp.charCodeAt(0) >= 48 && stamp.charCodeAt(0) <= 57)) {
          if (this.passOver(fields, line)) continue;
          if (this.isWord(fields)) continue;
        }
        const whose = this.whose.of(fields);
        if (whose === ANOTHER) {
          this.anotherAt ??= line;
          continue;
        }
        if (typeof whose === "string") {
          refuse(whose);
          continue;
        }
        if (fields.length > seen.width && this.tooLong(fields)) {
          refuse(
            `${fields.length} fields instead of ${seen.width}${names === null ? "" : " (from the header)"}; a number containing commas must be quoted`,
          );
          continue;
        }
        if (this.isWord(fields)) continue;
        const type = places.type === -1 ? "" : (fields[places.type] ?? "");
        if (type !== "" && !TRADED.test(type)) {
          refuse(`type "${type}" is not a known trade type`);
          continue;
        }
        const read = this.timeOf(fields);
        if (Number.isNaN(read)) {
          refuse(this.timeReason(fields));
          continue;
        }
        each.fields = fields;
        each.line = line;
        each.whose = whose;
        each.time = read;
        const reason = row(each);
        if (reason !== null) refuse(reason);
      }
      yield malformed;
      malformed = [];
    }
  }

  /** Throws where no row was of the instrument asked for. */
  checkFound(rows: number): void {
    const names = this.whose.otherNames;
    if (rows > 0 || names.length === 0) return;
    const { file } = this.order;
    throw inDoubt({
      file,
      ...(this.anotherAt === null ? {} : { line: this.anotherAt }),
      unit: this.seen.unit,
      field: "symbol",
      value: names.join(", "),
      why: `the file has no rows of ${this.whose.askedFor || this.rules.symbol}${this.symbolColumn()}`,
      option: `--symbol ${/\s/.test(this.whose.otherSymbol) ? JSON.stringify(this.whose.otherSymbol) : this.whose.otherSymbol}, if that is the file's name for it (--columns series=none reads every series, symbol=none every row),`,
    });
  }

  /** What a reader should know of the rows: which were not taken without being refused. */
  notes(): string[] {
    const others = [...this.whose.others.values()].reduce((sum, count) => sum + count, 0);
    return [
      ...this.seen.notes,
      ...(this.passedOverCount === 0
        ? []
        : [
            `skipped lines outside the table: ${this.passedOver.join("; ")}${this.passedOverCount > TOLD ? ` and ${this.passedOverCount - TOLD} more` : ""}`,
          ]),
      ...(others === 0
        ? []
        : [`${others} rows of other instruments were skipped: ${this.whose.otherNames.slice(0, TOLD).join(", ")}`]),
    ];
  }

  /** The column that distinguished rows, if it is not named symbol. */
  private symbolColumn(): string {
    const { places, names } = this.seen;
    const called = names?.[places.symbol[0] ?? -1];
    return called === undefined || /^symbol$/i.test(called) ? "" : ` by its column ${JSON.stringify(called)}`;
  }

  /**
   * True for a bridge's line that is not a tick: a heartbeat, a status. Other programs give lines with a price other
   * types.
   */
  private isWord(fields: readonly string[]): boolean {
    const { type, price } = this.seen.places;
    return type !== -1 && (fields[type] ?? "") !== "" && fields[type] !== "tick" && isNothing(fields[price] ?? "");
  }

  private timeOf(fields: readonly string[]): number {
    const { time, clock } = this.seen.places;
    let stamp = fields[time[0]!] ?? "";
    for (let other = 1; other < time.length && isNothing(stamp); other++) stamp = fields[time[other]!] ?? "";
    const read =
      clock === -1 ? this.times.read(stamp) : this.times.readApart(stamp, clockText(fields, this.seen.places));
    if (!this.times.zoned && !this.times.dateOnly) this.zoneless++;
    return read;
  }

  private timeReason(fields: readonly string[]): string {
    const { time } = this.seen.places;
    const stamp = [fields[time[0]!] ?? "", clockText(fields, this.seen.places)].join(" ").trim();
    const { order, serial } = this.seen.times;
    if (!serial && /^[2-7]\d{4}(?:\.\d+)?$/.test(stamp))
      return `time "${stamp}" is not a time; as a spreadsheet day number it would be ${istText(new TimeReader({ ...this.seen.times, serial: true }).read(stamp)).slice(0, 16)}: --date-format excel`;
    const offset = wrongOffset(stamp);
    if (offset !== null)
      return `time "${stamp}" has offset ${offset}, which no time zone uses; --zone clock reads its times as IST`;
    return `time "${stamp}" is not a time${order === "dmy" || order === "mdy" ? ` (dates are read as ${order === "dmy" ? "day-month-year" : "month-day-year"}; override with --date-format)` : "; use YYYY-MM-DD HH:MM[:SS], ISO with a zone or epoch, or set --date-format"}`;
  }

  /** Remarks, totals and repeated names. */
  private passOver(fields: readonly string[], line: number): boolean {
    const { names, places, unit } = this.seen;
    const filled = fields.find((field) => field.trim() !== "") ?? "";
    const stamp = fields[places.time[0]!] ?? "";
    const isNames =
      names !== null &&
      fields.length >= names.length &&
      nameKey(stamp) === nameKey(names[places.time[0]!] ?? "") &&
      names.every((name, at) => name === "" || nameKey(name) === nameKey(fields[at] ?? ""));
    const isTold = isNames || isComment(filled) || this.isOtherNames(fields, line) || this.isTitle(fields, line);
    if (!isTold && !(FOOTER.test(filled) && (!/\d/.test(stamp) || COUNT.test(stamp)))) return false;
    this.passedOverCount++;
    if (this.passedOver.length < TOLD)
      this.passedOver.push(`${unit} ${line} "${fields.join(" ").trim().slice(0, 60)}"`);
    return true;
  }

  /** True for a line that names the instrument, as between tables that were joined; throws where it names another one. */
  private isTitle(fields: readonly string[], line: number): boolean {
    const {
      seen: { places, titles, unit },
      rules,
      order: { file },
    } = this;
    if (
      places.symbol.length > 0 ||
      rules.wishes.has("symbol") ||
      /^\s*[\d+-]/.test(fields[places.close === -1 ? places.price : places.close] ?? "")
    )
      return false;
    const titled = titleNames(fields);
    if (titled.length > 0 && !titled.some((name) => titles.includes(name) || this.isWanted(name)))
      throw anotherTitle(file, line, unit, titled);
    return titled.length > 0;
  }

  /** True for a header with the same columns; throws if the columns differ from here on. */
  private isOtherNames(fields: readonly string[], line: number): boolean {
    const { places, names, namesLine, kind, unit } = this.seen;
    const found = placesOfNames(
      fields.map((name) => name.trim()),
      kind,
    );
    if (found.missing.length > 0) return false;
    if (tellsPlaces(this.rules.wishes)) return true;
    const told = (of: typeof places): string =>
      [of.time[0], of.open, of.high, of.low, of.close, of.price, of.volume].join();
    if (told(found.places) === told(places)) return true;
    throw inDoubt({
      file: this.order.file,
      line,
      unit,
      field: "columns",
      value: fields.join(", "),
      why:
        names === null
          ? "this is a header line, but the rows above it were read without it"
          : `from here the columns are in a different order than ${unit} ${namesLine} says`,
      option: `--columns ${kind === "bars" ? "time=NUMBER,open=NUMBER,high=NUMBER,low=NUMBER,close=NUMBER,volume=NUMBER" : "time=NUMBER,price=NUMBER,volume=NUMBER"}, if they apply to all rows,`,
    });
  }

  /** Fields behind the last name are harmless when they are empty. */
  private tooLong(fields: readonly string[]): boolean {
    for (let at = this.seen.width; at < fields.length; at++) if (fields[at]!.trim() !== "") return true;
    return false;
  }
}

const isVolumeless = (instruments: readonly AskedInstrument[]): boolean =>
  instruments.length > 0 && instruments.every(({ segment }) => segment === "index");

/** Throws `bad_input` on a file that cannot be understood or that leaves doubt. */
export const openText = async (text: TextPieces, order: TableOrder): Promise<OpenTable> => {
  const rules = fileRules(order.options ?? {});
  return openRows(
    await openTable(text, {
      kind: order.kind,
      file: order.file,
      wanted: isWanted(order.instruments ?? [], rules.symbol),
      symbolTold: rules.wishes.has("symbol"),
    }),
    order,
  );
};

export const openRows = async (table: Table, order: TableOrder): Promise<OpenTable> => {
  const rules = fileRules(order.options ?? {});
  const instruments = order.instruments ?? [];
  const seen = await understand(table, {
    kind: order.kind,
    file: order.file,
    rules,
    volumeless: isVolumeless(instruments),
    wanted: isWanted(instruments, rules.symbol),
  });
  return new OpenTable(seen, rules, order);
};

/** The first rejected row as an error: its place and content, and that nothing was used. */
export const refusedRows = (malformed: readonly MalformedLine[], count: number) => {
  const { file, line, unit, reason } = malformed[0]!;
  return badInput(
    "file",
    file,
    `readable rows; ${count} are not, first ${placeText(file, line, unit)}: ${reason} (--lenient reads the rest)`,
  );
};
