import { defineConfig } from "prisma/config";

// For Prisma's own command line (`npx prisma migrate deploy --config prisma/prisma.config.ts`); the app migrates by itself.
export default defineConfig({
  schema: "schema.prisma",
  migrations: { path: "migrations" },
  datasource: { url: process.env.DATABASE_URL ?? "" },
});
