/**
 * Live quotes, reference-counted: each mounted part registers its keys, and the union is one subscription. Each key is
 * a separate value, so a price re-renders only its row.
 */
import type { QuoteRow, QuotesFrame, QuotesSnapshot } from "@/server/contract/live";
import { trackCatchUp } from "./catch-up";
import { live } from "./live";
import { applyQuotes, emptyQuotes, quotesOf } from "./quote-table";
import { createValue, once, type Readable, type Value } from "./store";

/** What the server accepts in one subscription. */
const MOST_KEYS = 1_000;
const RETRY_MS = 2_000;

const quotesClient = () => {
  const client = live();
  const wanted = new Map<string, number>();
  const values = new Map<string, Value<QuoteRow | null>>();
  let table = emptyQuotes;
  let asked = "";
  let generation = 0;
  let planned = false;

  const valueOf = (key: string): Value<QuoteRow | null> => {
    let value = values.get(key);
    if (value === undefined) values.set(key, (value = createValue<QuoteRow | null>(null)));
    return value;
  };
  const subscribe = (again: boolean): void => {
    const keys = [...wanted.keys()].slice(0, MOST_KEYS);
    asked = keys.join("\n");
    const mine = ++generation;
    const request = client.request<QuotesSnapshot>("quotes.subscribe", { keys });
    if (again) void trackCatchUp(request);
    void request.then(
      (snapshot) => {
        if (mine !== generation) return;
        table = quotesOf(snapshot);
        for (const row of table.rows) valueOf(row.key).set(row);
      },
      () => {
        // Not the list's fault as a rule (a restart, a slow moment): ask again while it is still wanted.
        if (mine === generation)
          setTimeout(() => {
            if (mine === generation && client.connection.get().status === "live") subscribe(again);
          }, RETRY_MS);
      },
    );
  };
  /** All changes of one turn are one question. */
  const plan = (): void => {
    if (planned) return;
    planned = true;
    queueMicrotask(() => {
      planned = false;
      if (client.connection.get().status === "live" && [...wanted.keys()].slice(0, MOST_KEYS).join("\n") !== asked)
        subscribe(false);
    });
  };
  client.on<QuotesFrame>("quotes", (frame) => {
    // One is missing: its rows would stay as they were until they change again.
    if (table.seq >= 0 && frame.seq > table.seq + 1) subscribe(true);
    const next = applyQuotes(table, frame);
    table = next.table;
    for (const row of next.changed) valueOf(table.rows[row]!.key).set(table.rows[row]!);
  });
  client.onConnect((again) => {
    if (wanted.size > 0) subscribe(again);
  });

  return {
    quote: (key: string): Readable<QuoteRow | null> => valueOf(key),
    want(keys: readonly string[]): () => void {
      for (const key of keys) wanted.set(key, (wanted.get(key) ?? 0) + 1);
      plan();
      let left = false;
      return () => {
        if (left) return;
        left = true;
        for (const key of keys) {
          const count = (wanted.get(key) ?? 1) - 1;
          if (count > 0) wanted.set(key, count);
          else wanted.delete(key);
        }
        plan();
      };
    },
  };
};

const quotes = once(quotesClient);

/** Keeps these keys subscribed until the returned function is called. */
export const wantQuotes = (keys: readonly string[]): (() => void) => quotes().want(keys);

/** The newest quote of a key, null before its first; kept after the last part has left, and then old: see `received`. */
export const quote = (key: string): Readable<QuoteRow | null> => quotes().quote(key);
