import type { IndicatorEntry, IndicatorParam } from "@/server/contract/answers";
import { dayOfDate } from "@/server/domain/time/session";

export const defaultsOf = (entry: IndicatorEntry): Record<string, number | string> =>
  Object.fromEntries(entry.params.map((param) => [param.name, param.default]));

/**
 * The displayed settings: the typed value, or else the indicator's, or else the default. A saved indicator may contain
 * only non-default settings, and lacks settings added later.
 */
export const settingsOf = (
  entry: Pick<IndicatorEntry, "params">,
  params: Readonly<Record<string, number | string>>,
  typed: Readonly<Record<string, string>> = {},
): Record<string, string> =>
  Object.fromEntries(
    entry.params.map((param) => [param.name, typed[param.name] ?? String(params[param.name] ?? param.default)]),
  );

/** Why a typed setting is invalid, or null. */
export const refusalOfParam = (param: IndicatorParam, typed: string): string | null => {
  if (param.kind === "choice")
    return param.choices?.includes(typed) === true ? null : `One of ${param.choices?.join(", ") ?? "no choices"}`;
  if (param.kind === "instant")
    return param.choices?.includes(typed) === true || isIndianTime(typed) ? null : "A date and time";
  const value = Number(typed);
  if (typed.trim() === "" || Number.isNaN(value)) return "A number";
  if (param.kind === "integer" && !Number.isInteger(value)) return "A whole number";
  if ((param.min !== undefined && value < param.min) || (param.max !== undefined && value > param.max))
    return rangeOf(param);
  return null;
};

const isIndianTime = (typed: string): boolean =>
  /^.{10}(T([01]\d|2[0-3]):[0-5]\d)?$/.test(typed) && !Number.isNaN(dayOfDate(typed.slice(0, 10)));

/** The hint beside a setting: `bars · 2 to 500`. */
export const hintOf = (param: IndicatorParam): string => [param.unit, rangeOf(param)].filter(Boolean).join(" · ");

/** `2 to 500`, or the known part of it. */
export const rangeOf = ({ min, max }: IndicatorParam): string =>
  min !== undefined && max !== undefined
    ? `${min} to ${max}`
    : min !== undefined
      ? `${min} or more`
      : max !== undefined
        ? `${max} or less`
        : "";

/** `Length`, as people say it: the first letter large. */
export const paramTitle = (name: string): string =>
  name.charAt(0).toUpperCase() + name.slice(1).replace(/([A-Z])/g, (letter) => ` ${letter.toLowerCase()}`);
