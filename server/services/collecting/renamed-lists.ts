import type { Renamed, Store } from "@/server/ports/stores";

/** Gives stored watchlists and subscriptions the names by which a broker calls their instruments from today on. */
export const renameEverywhere =
  ({ watchlists, collectors }: Pick<Store, "watchlists" | "collectors">) =>
  async (renamed: readonly Renamed[]): Promise<void> => {
    const now = new Map<string, string>(renamed.map(({ from, to }) => [from, to]));
    for (const list of await watchlists.list())
      if (list.rows.some(({ key }) => now.has(key)))
        await watchlists.save({
          ...list,
          rows: list.rows.map((row) => ({ ...row, key: now.get(row.key) ?? row.key })),
        });
    for (const { name, subscriptions } of await collectors.list())
      if (subscriptions.some((key) => now.has(key)))
        await collectors.subscribe(
          name,
          subscriptions.map((key) => now.get(key) ?? key),
        );
  };
