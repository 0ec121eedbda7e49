import type { Watchlist as Row } from "@/prisma/generated/client";
import type { Watchlist } from "@/server/domain/instruments/watchlist";
import { readRows, type Unreadable, watchlistCategory, watchlistRow } from "@/server/ports/stored";
import type { WatchlistStore } from "@/server/ports/stores";
import { reaching, type Database } from "./database";

/** Lists come in the order in which they were first saved, rows as they were given. */
export const watchlistStore = (database: () => Database, unreadable: Unreadable): WatchlistStore => {
  const toWatchlist = (row: Row): Watchlist => ({
    name: row.name,
    title: row.title,
    category: watchlistCategory.catch("user").parse(row.category),
    readOnly: row.readOnly,
    rows: readRows(`watchlist ${JSON.stringify(row.name)}`, row.rows, watchlistRow, unreadable),
  });
  return {
    async list() {
      return (await reaching(() => database().prisma.watchlist.findMany({ orderBy: { id: "asc" } }))).map(toWatchlist);
    },
    async get(name) {
      const row = await reaching(() => database().prisma.watchlist.findUnique({ where: { name } }));
      return row === null ? null : toWatchlist(row);
    },
    async save({ name, title, category, readOnly, rows }) {
      const values = { title, category, readOnly, rows: rows.map(({ key, section }) => ({ key, section })) };
      await reaching(() =>
        database().prisma.watchlist.upsert({ where: { name }, create: { name, ...values }, update: values }),
      );
    },
  };
};
