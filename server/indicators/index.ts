import { z } from "zod";
import { acceptedBy } from "@/server/domain/basics/accepted";
import { AppError, badInput } from "@/server/domain/basics/errors";
import type { IndicatorSpec } from "@/server/domain/bars/indicator";
import type { IndicatorDefinition } from "./define";
import { adx } from "./adx";
import { anchoredVwap } from "./anchored-vwap";
import { atr } from "./atr";
import { bollinger } from "./bollinger";
import { cci } from "./cci";
import { donchian } from "./donchian";
import { ema } from "./ema";
import { ichimoku } from "./ichimoku";
import { keltner } from "./keltner";
import { macd } from "./macd";
import { mfi } from "./mfi";
import { obv } from "./obv";
import { oiChange } from "./oi-change";
import { openingRange } from "./opening-range";
import { pivots } from "./pivots";
import { previousDayLevels } from "./previous-day-levels";
import { parabolicSar } from "./psar";
import { relativeVolume } from "./relative-volume";
import { roc } from "./roc";
import { rsi } from "./rsi";
import { sma } from "./sma";
import { stochastic } from "./stochastic";
import { supertrend } from "./supertrend";
import { volumeAverage } from "./volume-average";
import { vwap } from "./vwap";
import { williams } from "./williams";
import { wma } from "./wma";

/** The registry: an indicator is its file and one line here. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- definitions differ in their parameters; `resolveIndicator` validates them
export const indicators: readonly IndicatorDefinition<any>[] = [
  ema,
  sma,
  wma,
  supertrend,
  parabolicSar,
  ichimoku,
  adx,
  rsi,
  macd,
  stochastic,
  cci,
  roc,
  williams,
  bollinger,
  keltner,
  donchian,
  atr,
  vwap,
  anchoredVwap,
  volumeAverage,
  relativeVolume,
  obv,
  mfi,
  oiChange,
  previousDayLevels,
  pivots,
  openingRange,
];

/**
 * Raised whenever the snapshot of any indicator changes its shape or meaning, or the lines of a kept set do: a set that
 * was written under another number is left aside at a start. `snapshot-format.test.ts` fails when the number stays.
 */
export const SNAPSHOT_FORMAT = 3;

export interface ResolvedIndicator {
  definition: IndicatorDefinition;
  params: Record<string, number | string>;
  /** `EMA 20`, `MACD 12 26 9`, `SMA 50 hl2`: a default price source is omitted. */
  label: string;
  /** One text per indicator and parameters: two readers of the same share one instance. */
  hash: string;
}

/** Other names the field has for them: TA-Lib's functions, what other terminals write. */
const otherNames: Readonly<Record<string, string>> = {
  BOLLINGER: "BB",
  BBANDS: "BB",
  KELTNER: "KC",
  DONCHIAN: "DC",
  STOCHASTIC: "STOCH",
  WILLIAMS: "WILLR",
  WILLIAMSR: "WILLR",
  SAR: "PSAR",
  DMI: "ADX",
  PIVOTS: "CPR",
  PIVOT: "CPR",
  ORB: "OR",
  VOLUME_MA: "VOLMA",
  ANCHORED_VWAP: "AVWAP",
};

/** The definition with this id or alias, case-insensitive. */
export const findIndicator = (name: string): IndicatorDefinition | undefined => {
  const wanted = name.toUpperCase();
  return indicators.find(({ id }) => id === (otherNames[wanted] ?? wanted));
};

/**
 * The definition and complete parameters of a request; throws `bad_input` naming the parameter and what is accepted.
 */
export const resolveIndicator = (spec: IndicatorSpec): ResolvedIndicator => {
  const definition = findIndicator(spec.id);
  if (definition === undefined) throw badInput("indicator", spec.id, indicators.map((each) => each.id).join(", "));
  const parsed = definition.params.safeParse(spec.params, { error: acceptedBy });
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!;
    const value = spec.params[String(issue.path[0])];
    throw new AppError(
      "bad_input",
      `${definition.id} ${issue.path.join(".")}: ${value === undefined ? "" : `${JSON.stringify(value)} is not accepted; use `}${issue.message}`,
      {
        details: { field: `${definition.id}.${issue.path.join(".")}`, value, accepted: issue.message },
      },
    );
  }
  const params = parsed.data as Record<string, number | string>;
  const values = definition.order
    .filter((name) => name !== "source" || params.source !== defaultSource(definition))
    .map((name) => params[name]);
  return {
    definition,
    params,
    label: [definition.id, ...values].join(" "),
    hash: `${definition.id}:${values.join(",")}`,
  };
};

const defaultSource = (definition: IndicatorDefinition): unknown =>
  (definition.params.parse({}) as { source?: string }).source;

export interface IndicatorParam {
  name: string;
  /** `instant`: one of the choices, or a time in IST as `YYYY-MM-DD` or `YYYY-MM-DDTHH:MM`. */
  kind: "integer" | "number" | "choice" | "instant";
  /** `bars`, `minutes`, `times`, `IST`. */
  unit?: string;
  default: number | string;
  min?: number;
  max?: number;
  choices?: string[];
}
export interface IndicatorView {
  id: string;
  title: string;
  group: string;
  pane: "price" | "own";
  guides: readonly number[];
  plots: IndicatorDefinition["plots"];
  params: IndicatorParam[];
  source: string;
}

/** What the settings form and the REST catalogue show: everything from the definition. */
export const indicatorCatalogue = (): IndicatorView[] =>
  indicators.map((definition) => {
    const schema = z.toJSONSchema(definition.params, { io: "input" }) as { properties?: Record<string, JsonParam> };
    return {
      id: definition.id,
      title: definition.title,
      group: definition.group,
      pane: definition.pane,
      guides: definition.guides,
      plots: definition.plots,
      source: definition.source,
      params: definition.order.map((name) => paramOf(name as string, schema.properties?.[name as string] ?? {})),
    };
  });

/** `kind`, `unit` and `choices` come from the schema's `meta`. */
interface JsonParam {
  type?: string;
  default?: number | string;
  minimum?: number;
  maximum?: number;
  enum?: string[];
  kind?: "instant";
  unit?: string;
  choices?: string[];
}
const paramOf = (name: string, schema: JsonParam): IndicatorParam => ({
  name,
  kind: schema.kind ?? (schema.enum !== undefined ? "choice" : schema.type === "integer" ? "integer" : "number"),
  default: schema.default ?? 0,
  ...(schema.minimum === undefined ? {} : { min: schema.minimum }),
  ...(schema.maximum === undefined ? {} : { max: schema.maximum }),
  ...((schema.enum ?? schema.choices) === undefined ? {} : { choices: schema.enum ?? schema.choices }),
  ...(schema.unit === undefined ? {} : { unit: schema.unit }),
});
