/** `candela database migrate|timescale`: a server's tables, for those who do that apart from a start. */
import path from "node:path";
import type { Command } from "commander";
import { AppError, badInput } from "@/server/domain/basics/errors";
import { createLog } from "@/server/observe/log";
import { migrate } from "@/server/store/migrator";
import { openPostgres, withTimescale } from "@/server/store/postgres";
import { applyTimescale, hypertables, whyNone } from "@/server/store/timescale";

export const databaseCommand = (program: Command): void => {
  const database = program
    .command("database")
    .description("manage the tables of the database in DATABASE_URL; the server migrates them itself at start");
  const on = async (
    { json = false }: { json?: boolean },
    name: string,
    work: (backend: Awaited<ReturnType<typeof openPostgres>>, migrationsDir: string) => Promise<string[]>,
    line: (did: string) => string,
  ): Promise<void> => {
    const databaseUrl = process.env["DATABASE_URL"];
    if (databaseUrl === undefined || databaseUrl === "")
      throw badInput("DATABASE_URL", databaseUrl ?? "", "postgresql://user:password@host:5432/database");
    const backend = await openPostgres({ databaseUrl, log: createLog("warn") });
    try {
      const done = await work(backend, path.join(process.cwd(), "prisma/migrations"));
      if (json) process.stdout.write(`${JSON.stringify({ [name]: done })}\n`);
      else for (const did of done) process.stdout.write(`${line(did)}\n`);
      process.stderr.write(`${(await withTimescale(backend)).description.version}\n`);
    } finally {
      await backend.stop();
    }
  };
  database
    .command("migrate")
    .description("apply missing migrations and list them")
    .option("--json", "print one JSON object: { migrations }")
    .action((options: { json?: boolean }) =>
      on(
        options,
        "migrations",
        ({ pool }, dir) => migrate(pool, dir, createLog("warn")),
        (did) => did,
      ),
    );
  database
    .command("timescale")
    .description(
      "after a move to TimescaleDB or its full edition: create hypertables, and a compression policy where the licence allows it; fails if TimescaleDB is not loaded",
    )
    .option("--json", "print one JSON object: { hypertables }")
    .action((options: { json?: boolean }) =>
      on(
        options,
        "hypertables",
        async ({ pool }, dir) => {
          await migrate(pool, dir, createLog("warn"));
          await applyTimescale(pool, dir);
          const made = await hypertables(pool);
          if (made.length === 0)
            throw new AppError("unsupported", await whyNone(pool), {
              details: {
                field: "DATABASE_URL",
                value: "a server without TimescaleDB",
                accepted: "a server with TimescaleDB loaded",
              },
            });
          return made;
        },
        (did) => `${did} is a hypertable`,
      ),
    );
};
