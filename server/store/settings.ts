import { Prisma } from "@/prisma/generated/client";
import type { SettingStore } from "@/server/ports/stores";
import { reaching, type Database } from "./database";

/** A setting that was never set is null. */
export const settingStore = (database: () => Database): SettingStore => ({
  async get(name) {
    return (await reaching(() => database().prisma.setting.findUnique({ where: { name } })))?.value ?? null;
  },
  async set(name, given) {
    const value = given === null || given === undefined ? Prisma.JsonNull : (given as Prisma.InputJsonValue);
    await reaching(() =>
      database().prisma.setting.upsert({ where: { name }, create: { name, value }, update: { value } }),
    );
  },
});
