/** The REST calls the browser makes, typed from the contract. */
import type { RestGap } from "@/server/contract/quality";
import type { HandedOver } from "@/server/contract/collectors";
import type { Envelope, ErrorEnvelope, InstrumentHit, Workspace } from "@/server/contract/rest";
import type { Watchlist } from "@/server/domain/instruments/watchlist";
import { RequestError } from "./request-error";

interface CallOptions {
  signal?: AbortSignal;
}

const call = async <T>(path: string, init: RequestInit = {}): Promise<Envelope<T>> => {
  const response = await fetch(`/api/v1${path}`, init).catch((cause: unknown) => {
    if (cause instanceof DOMException && cause.name === "AbortError") throw cause;
    throw new RequestError("offline", "Cannot reach the server", { path });
  });
  const body = (await response.json().catch(() => null)) as Envelope<T> | ErrorEnvelope | null;
  if (body?.status === "success") return body;
  if (body?.status === "error")
    throw new RequestError(body.error.code, body.error.message, {
      ...body.error.details,
      requestId: body.error.requestId,
    });
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
  const { data, meta } = await call<InstrumentHit[]>(`/instruments${query({ q, limit })}`, options);
  return { hits: data, searched: typeof meta.total === "number" ? meta.total : null };
};

/** Instruments of the given keys, in this order; unknown ones are skipped. */
export const fetchInstruments = async (keys: readonly string[], options: CallOptions = {}): Promise<InstrumentHit[]> =>
  keys.length === 0
    ? []
    : (await call<InstrumentHit[]>(`/instruments${query({ keys: keys.join(",") })}`, options)).data;

/** Hands a new access token to a collector; no answer ever shows it. */
export const handOverToken = async (collector: string, login: Record<string, string>): Promise<HandedOver> =>
  (
    await call<HandedOver>(`/collectors/${encodeURIComponent(collector)}/login`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(login),
    })
  ).data;

/** The saved workspace, null when none has been saved. */
export const fetchWorkspace = async (options: CallOptions = {}): Promise<Workspace | null> =>
  (await call<Workspace | null>("/workspace", options)).data;

/** `keepalive` lets the last change out while the page closes. */
export const saveWorkspace = async (workspace: Workspace, keepalive = false): Promise<void> => {
  await call<unknown>("/workspace", {
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
  const { data, meta } = await call<RestGap[]>(`/gaps${query({ state: "open,healing", limit })}`, options);
  return { gaps: data, open: typeof meta.open === "number" ? meta.open : data.length };
};

/** A list's head in the picker. */
export type WatchlistHead = Pick<Watchlist, "name" | "title" | "category" | "readOnly"> & { count: number };

/** All lists, heads only. */
export const fetchWatchlists = async (options: CallOptions = {}): Promise<WatchlistHead[]> =>
  (
    await call<(Omit<WatchlistHead, "count"> & { count?: number; rows?: unknown[] })[]>("/watchlists", options)
  ).data.map(({ name, title, category, readOnly, count, rows }) => ({
    name,
    title,
    category,
    readOnly,
    count: count ?? rows?.length ?? 0,
  }));

export const fetchWatchlist = async (name: string, options: CallOptions = {}): Promise<Watchlist> =>
  (await call<Watchlist>(`/watchlists/${encodeURIComponent(name)}`, options)).data;
