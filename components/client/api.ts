/** The REST calls the browser makes. Each answer is parsed by the contract. */
import type { z } from "zod";
import {
  envelopeOf,
  errorEnvelope,
  faultOfAnswer,
  gapsAnswer,
  type HandedOver,
  type IndicatorEntry,
  indicatorsAnswer,
  type InstrumentHit,
  instrumentsAnswer,
  loginAnswer,
  type RestAnswer,
  type RestGap,
  savedWorkspaceAnswer,
  watchlistAnswer,
  watchlistsAnswer,
  workspaceAnswer,
} from "@/server/contract/answers";
import type { Workspace } from "@/server/contract/rest";
import type { Watchlist } from "@/server/domain/instruments/watchlist";
import { RequestError } from "./request-error";

interface CallOptions {
  signal?: AbortSignal;
}

const call = async <D extends z.ZodType, M extends z.ZodType>(
  answer: RestAnswer<D, M>,
  path: string,
  init: RequestInit = {},
): Promise<{ data: z.output<D>; meta: z.output<M> }> => {
  const response = await fetch(`/api/v1${path}`, init).catch((cause: unknown) => {
    if (cause instanceof DOMException && cause.name === "AbortError") throw cause;
    throw new RequestError("offline", "Cannot reach the server", { path });
  });
  const body = (await response.json().catch(() => null)) as { status?: unknown } | null;
  if (body?.status === "success") {
    const parsed = envelopeOf(answer).safeParse(body);
    if (parsed.success) return parsed.data as { data: z.output<D>; meta: z.output<M> };
    throw new RequestError(
      "internal",
      `This page cannot read the server's answer to ${path} (${faultOfAnswer(parsed.error)}). Reload the page: the server may be newer.`,
      { path },
    );
  }
  const failed = errorEnvelope.safeParse(body);
  if (failed.success) {
    const { code, message, details, requestId } = failed.data.error;
    throw new RequestError(code, message, { ...details, requestId });
  }
  throw new RequestError("internal", `The server returned ${response.status} for ${path}`, {
    path,
    status: response.status,
  });
};

const query = (fields: Record<string, string | number | undefined>): string => {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(fields)) if (value !== undefined) search.set(name, String(value));
  const text = search.toString();
  return text === "" ? "" : `?${text}`;
};

export interface InstrumentSearch {
  hits: InstrumentHit[];
  /** How many instruments were searched; null if the server does not say. */
  searched: number | null;
}

/** Instruments matching the typed text, best first. */
export const searchInstruments = async (
  q: string,
  limit = 20,
  options: CallOptions = {},
): Promise<InstrumentSearch> => {
  const { data, meta } = await call(instrumentsAnswer, `/instruments${query({ q, limit })}`, options);
  return { hits: data, searched: meta.total };
};

/** Instruments of the given keys, in this order; unknown ones are skipped. */
export const fetchInstruments = async (keys: readonly string[], options: CallOptions = {}): Promise<InstrumentHit[]> =>
  keys.length === 0
    ? []
    : (await call(instrumentsAnswer, `/instruments${query({ keys: keys.join(",") })}`, options)).data;

/** The indicators the server computes. */
export const fetchIndicators = async (options: CallOptions = {}): Promise<readonly IndicatorEntry[]> =>
  (await call(indicatorsAnswer, "/indicators", options)).data;

/** Hands a new access token to a collector; no answer ever shows it. */
export const handOverToken = async (collector: string, login: Record<string, string>): Promise<HandedOver> =>
  (
    await call(loginAnswer, `/collectors/${encodeURIComponent(collector)}/login`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(login),
    })
  ).data;

/** The saved workspace, null when none has been saved. */
export const fetchWorkspace = async (options: CallOptions = {}): Promise<Workspace | null> =>
  (await call(workspaceAnswer, "/workspace", options)).data;

/** `keepalive` lets the last change out while the page closes. */
export const saveWorkspace = async (workspace: Workspace, keepalive = false): Promise<void> => {
  await call(savedWorkspaceAnswer, "/workspace", {
    method: "PUT",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(workspace),
    keepalive,
  });
};

/** Gaps that are not closed, the newest first; `open` counts all there are. */
export const fetchOpenGaps = async (
  limit: number,
  options: CallOptions = {},
): Promise<{ gaps: RestGap[]; open: number }> => {
  const { data, meta } = await call(gapsAnswer, `/gaps${query({ state: "open,healing", limit })}`, options);
  return { gaps: data, open: meta.open };
};

/** A list's head in the picker. */
export type WatchlistHead = Pick<Watchlist, "name" | "title" | "category" | "readOnly"> & { count: number };

/** All lists, heads only. */
export const fetchWatchlists = async (options: CallOptions = {}): Promise<WatchlistHead[]> =>
  (await call(watchlistsAnswer, "/watchlists", options)).data;

export const fetchWatchlist = async (name: string, options: CallOptions = {}): Promise<Watchlist> =>
  (await call(watchlistAnswer, `/watchlists/${encodeURIComponent(name)}`, options)).data;
