import { AppError, badInput } from "@/server/domain/basics/errors";
import { parseTimeframe, type Timeframe, timeframeNames } from "@/server/domain/time/timeframe";
import {
  findIndicator,
  indicatorCatalogue,
  type IndicatorParam,
  indicators,
  type ResolvedIndicator,
  resolveIndicator,
} from "@/server/indicators";

/** An indicator that runs on every live instrument, as the configuration names it. */
export interface ConfiguredIndicator {
  /** The complete text, such as `EMA:20@5m`. Each indicator with its parameters and timeframe has exactly one text. */
  text: string;
  resolved: ResolvedIndicator;
  timeframe: Timeframe;
}

export const MOST_CONFIGURED = 64;

/**
 * Parses `SMA:9,EMA:20,MACD:12:26:9,BB:20:2@5m`: an indicator and its parameters in catalogue order, with defaults for
 * omitted ones. A timeframe may follow `@`; otherwise there is one entry for each of `timeframes`. Throws `bad_input`
 * naming `field` and the entry.
 */
export const parseIndicatorConfigs = (
  field: string,
  text: string,
  timeframes: readonly Timeframe[],
): ConfiguredIndicator[] => {
  const found = new Map<string, ConfiguredIndicator>();
  for (const entry of entriesOf(text)) {
    const [wish = "", own, ...more] = entry.split("@");
    if (more.length > 0) throw badInput(field, entry, "one timeframe after @, as in EMA:20@5m");
    const resolved = indicatorEntry(field, entry, wish);
    for (const timeframe of own === undefined ? timeframes : [timeframeEntry(field, entry, own)]) {
      const key = `${resolved.hash}@${timeframe.name}`;
      if (!found.has(key)) found.set(key, { text: `${written(resolved)}@${timeframe.name}`, resolved, timeframe });
    }
  }
  if (found.size > MOST_CONFIGURED)
    throw badInput(field, found.size, `at most ${MOST_CONFIGURED} indicators; one on two timeframes counts twice`);
  return [...found.values()];
};

/** `EMA:20,RSI:14` without timeframes, in the order given, each with its text as written. */
export const parseIndicatorList = (field: string, text: string): { text: string; resolved: ResolvedIndicator }[] => [
  ...new Map(
    entriesOf(text).map((entry) => {
      if (entry.includes("@")) throw badInput(field, entry, "an indicator without a timeframe, as in EMA:20");
      const resolved = indicatorEntry(field, entry, entry);
      return [resolved.hash, { text: entry, resolved }];
    }),
  ).values(),
];

/** `1m,5m`; throws `bad_input` naming `field` and the entry. */
export const parseTimeframes = (field: string, text: string): Timeframe[] => {
  const found = [...new Set(entriesOf(text).map((entry) => timeframeEntry(field, entry, entry)))];
  if (found.length === 0) throw badInput(field, text, timeframeNames.join(", "));
  return found;
};

/** `MACD:12:26:9`: all numbers, and words up to the last that is not the default. */
const written = ({ definition, params }: ResolvedIndicator): string => {
  const standard = definition.params.parse({});
  const values = definition.order.map((name) => params[name]);
  while (typeof values.at(-1) === "string" && values.at(-1) === standard[definition.order[values.length - 1]!])
    values.pop();
  return [definition.id, ...values].join(":");
};

const entriesOf = (text: string): string[] =>
  text
    .split(",")
    .map((entry) => entry.trim())
    .filter((entry) => entry !== "");

const timeframeEntry = (field: string, entry: string, text: string): Timeframe => {
  const found = parseTimeframe(text);
  if (text.trim() === "" || found === undefined)
    throw badInput(field, entry, `a timeframe of ${timeframeNames.join(", ")}`);
  return found;
};

const indicatorEntry = (field: string, entry: string, wish: string): ResolvedIndicator => {
  const [id = "", ...given] = wish.split(":").map((part) => part.trim());
  const definition = findIndicator(id);
  if (definition === undefined) throw badInput(field, entry, indicators.map((each) => each.id).join(", "));
  const accepted = acceptedBy(definition.id);
  const { length } = definition.order;
  if (given.includes("") || (length === 0 && given.length > 0)) throw badInput(field, entry, accepted);
  // The last parameter may be an instant, which has colons of its own.
  const values = given.length > length ? [...given.slice(0, length - 1), given.slice(length - 1).join(":")] : given;
  const params = Object.fromEntries(
    values.map((value, place) => [definition.order[place]!, Number.isNaN(Number(value)) ? value : Number(value)]),
  );
  try {
    return resolveIndicator({ id: definition.id, params });
  } catch (cause) {
    if (!(cause instanceof AppError)) throw cause;
    throw new AppError(
      "bad_input",
      `${field}: ${JSON.stringify(entry)} is not accepted (${cause.message}); use ${accepted}`,
      { details: { field, value: entry, accepted }, cause },
    );
  }
};

/** `MACD:fast:slow:signal with fast 1 to 1000, …`. */
const acceptedBy = (id: string): string => {
  const { params } = indicatorCatalogue().find((each) => each.id === id)!;
  return params.length === 0
    ? `${id} alone; it has no parameters`
    : `${[id, ...params.map(({ name }) => name)].join(":")} with ${params.map(rangeOf).join(", ")}`;
};
const rangeOf = ({ name, kind, min, max, choices }: IndicatorParam): string => {
  if (choices !== undefined)
    return `${name} one of ${choices.join(" ")}${kind === "instant" ? ", or YYYY-MM-DD[THH:MM] in IST" : ""}`;
  const range = min === undefined || max === undefined ? "" : ` ${min} to ${max}`;
  return `${name} ${kind === "integer" ? "a whole number" : "a number"}${range}`;
};
