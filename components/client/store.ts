import { useSyncExternalStore } from "react";

/** Something outside React that changes: the browser's prices, the connection, the theme. */
export interface Readable<T> {
  get(): T;
  /** Called after each change; the returned function ends it. */
  subscribe(listener: () => void): () => void;
}

export interface Value<T> extends Readable<T> {
  /** Does not notify if the value is unchanged. */
  set(next: T): void;
}

export const createValue = <T>(initial: T): Value<T> => {
  let value = initial;
  const listeners = new Set<() => void>();
  return {
    get: () => value,
    set(next) {
      if (Object.is(next, value)) return;
      value = next;
      for (const listener of [...listeners]) listener();
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
      };
    },
  };
};

/**
 * Builds on the first call and returns the same object afterwards: singletons of a tab, without work at import time.
 */
export const once = <T>(build: () => T): (() => T) => {
  let built: { value: T } | null = null;
  return () => (built ??= { value: build() }).value;
};

/** Reads a store in a component. `server`: value on the server-rendered page, before any store exists. */
export const useValue = <T>(readable: Readable<T>, server?: T): T =>
  useSyncExternalStore(readable.subscribe, readable.get, () => (server === undefined ? readable.get() : server));
