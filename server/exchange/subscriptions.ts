import { feedModes } from "@/server/domain/ticks/tick";
import type { Connection } from "./connection";

/** Kite's limit for one socket. */
const INSTRUMENTS_PER_CONNECTION = 3_000;

const isTokens = (value: unknown): value is unknown[] =>
  Array.isArray(value) && value.every((token) => Number.isInteger(Number(token)));

const subscribe = (connection: Connection, tokens: readonly number[], send: (token: number) => void): string | null => {
  for (const token of tokens) {
    if (!connection.modes.has(token)) {
      if (connection.modes.size >= INSTRUMENTS_PER_CONNECTION)
        return `Subscription limit of ${INSTRUMENTS_PER_CONNECTION} instruments reached`;
      connection.modes.set(token, "quote");
    }
    send(token);
  }
  return null;
};

const setMode = (connection: Connection, value: unknown, send: (token: number) => void): string | null => {
  const [name, tokens] = Array.isArray(value) ? value : [];
  const mode = feedModes.find((known) => known === name);
  if (mode === undefined || !isTokens(tokens)) return "Invalid mode message";
  for (const token of tokens.map(Number)) {
    if (!connection.modes.has(token)) continue;
    connection.modes.set(token, mode);
    send(token);
  }
  return null;
};

/**
 * Executes a client's message; returns the error text to send back, or null. `send`: sends the last known packet of a
 * token.
 */
export const obey = (connection: Connection, text: string, send: (token: number) => void): string | null => {
  let message: { a?: unknown; v?: unknown };
  try {
    message = JSON.parse(text) as { a?: unknown; v?: unknown };
  } catch {
    return "Invalid JSON";
  }
  if (typeof message !== "object" || message === null) return "Invalid message";
  let error: string | null;
  if (message.a === "mode") error = setMode(connection, message.v, send);
  else if (message.a !== "subscribe" && message.a !== "unsubscribe")
    error = `Unknown action ${JSON.stringify(message.a)}`;
  else if (!isTokens(message.v)) error = "Invalid tokens";
  else if (message.a === "subscribe") error = subscribe(connection, message.v.map(Number), send);
  else {
    for (const token of message.v) connection.modes.delete(Number(token));
    error = null;
  }
  return error;
};
