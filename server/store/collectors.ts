import type { Collector } from "@/prisma/generated/client";
import type { CollectorRow } from "@/server/domain/ticks/collector";
import { feedMode, readRows, subscription, type Unreadable } from "@/server/ports/stored";
import type { CollectorStore } from "@/server/ports/stores";
import { reaching, type Database } from "./database";
import type { Vault } from "./vault";

const shown = { id: true, name: true, feed: true, mode: true, autoStart: true, subscriptions: true } as const;

export const collectorStore = (
  database: () => Database,
  vault: () => Vault,
  unreadable: Unreadable,
): CollectorStore => {
  const toRow = (row: Omit<Collector, "login">): CollectorRow => ({
    id: row.id,
    name: row.name,
    feed: row.feed,
    mode: feedMode.catch("full").parse(row.mode),
    autoStart: row.autoStart,
    subscriptions: readRows(`subscriptions of ${row.name}`, row.subscriptions, subscription, unreadable),
  });
  return {
    async list() {
      return (
        await reaching(() => database().prisma.collector.findMany({ select: shown, orderBy: { id: "asc" } }))
      ).map(toRow);
    },
    async save(row, login) {
      const { name, feed, mode, autoStart, subscriptions } = row;
      const values = { feed, mode, autoStart, subscriptions, login: vault().seal(name, login) };
      return toRow(
        await reaching(() =>
          database().prisma.collector.upsert({
            where: { name },
            create: { name, ...values },
            update: values,
            select: shown,
          }),
        ),
      );
    },
    async subscribe(name, subscriptions) {
      await reaching(() =>
        database().prisma.collector.updateMany({ where: { name }, data: { subscriptions: [...subscriptions] } }),
      );
    },
    async login(name) {
      const row = await reaching(() =>
        database().prisma.collector.findUnique({ where: { name }, select: { login: true } }),
      );
      return row === null ? null : vault().unseal(name, row.login);
    },
  };
};
