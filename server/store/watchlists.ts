import type { Watchlist as Row } from "@/prisma/generated/client";
import type { Watchlist, WatchlistRow } from "@/server/domain/watchlist";
import type { WatchlistStore } from "@/server/ports/stores";
import { reaching, type Database } from "./database";

const toWatchlist = (row: Row): Watchlist => ({
  name: row.name, title: row.title, category: row.category as Watchlist["category"], readOnly: row.readOnly,
  rows: row.rows as unknown as WatchlistRow[],
});

/** Lists come in the order in which they were first saved, rows as they were given. */
export const watchlistStore = (database: () => Database): WatchlistStore => ({
  async list() {
    return (await reaching(() => database().prisma.watchlist.findMany({ orderBy: { id: "asc" } }))).map(toWatchlist);
  },
  async get(name) {
    const row = await reaching(() => database().prisma.watchlist.findUnique({ where: { name } }));
    return row === null ? null : toWatchlist(row);
  },
  async save({ name, title, category, readOnly, rows }) {
    const values = { title, category, readOnly, rows: rows.map(({ key, section }) => ({ key, section })) };
    await reaching(() => database().prisma.watchlist.upsert({ where: { name }, create: { name, ...values }, update: values }));
  },
});
