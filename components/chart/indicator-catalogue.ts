import { RequestError } from "@/components/client/request-error";
import type { Envelope, ErrorEnvelope } from "@/server/contract/rest";

/** One setting of an indicator, as `GET /api/v1/indicators` tells it. */
export interface IndicatorParam {
  name: string;
  kind: "integer" | "number" | "choice";
  default: number | string;
  min?: number;
  max?: number;
  choices?: readonly string[];
}

export interface IndicatorEntry {
  id: string;
  title: string;
  group: string;
  pane: "price" | "own";
  guides: readonly number[];
  plots: readonly { id: string; title: string; kind: string; unit: string }[];
  params: readonly IndicatorParam[];
}

/** The indicators the server computes. */
export const fetchIndicators = async (signal?: AbortSignal): Promise<readonly IndicatorEntry[]> => {
  const response = await fetch("/api/v1/indicators", signal === undefined ? {} : { signal });
  const body = (await response.json().catch(() => null)) as Envelope<IndicatorEntry[]> | ErrorEnvelope | null;
  if (body?.status === "success") return body.data;
  throw new RequestError(body?.error.code ?? "internal", body?.error.message ?? `The server answered ${response.status} for the list of indicators`);
};

export const defaultsOf = (entry: IndicatorEntry): Record<string, number | string> =>
  Object.fromEntries(entry.params.map((param) => [param.name, param.default]));

/** Why a typed setting cannot be used, or null. */
export const refusalOfParam = (param: IndicatorParam, typed: string): string | null => {
  if (param.kind === "choice") return param.choices?.includes(typed) === true ? null : `One of ${param.choices?.join(", ") ?? "no choices"}`;
  const value = Number(typed);
  if (typed.trim() === "" || Number.isNaN(value)) return "A number";
  if (param.kind === "integer" && !Number.isInteger(value)) return "A whole number";
  if ((param.min !== undefined && value < param.min) || (param.max !== undefined && value > param.max)) return rangeOf(param);
  return null;
};

/** `2 to 500`, or what is known of it. */
export const rangeOf = ({ min, max }: IndicatorParam): string =>
  min !== undefined && max !== undefined ? `${min} to ${max}` : min !== undefined ? `${min} or more` : max !== undefined ? `${max} or less` : "";

/** `Length`, as people say it: the first letter large. */
export const paramTitle = (name: string): string => name.charAt(0).toUpperCase() + name.slice(1).replace(/([A-Z])/g, (letter) => ` ${letter.toLowerCase()}`);
