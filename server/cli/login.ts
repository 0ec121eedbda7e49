/**
 * `candela login [collector]`: gives a running server the login fields that change every day, such as an access token.
 * They are read from their variable or from standard input, never from the command line, where every user of the
 * machine could see them.
 */
import { createInterface } from "node:readline";
import type { Command } from "commander";
import type { HandedOver } from "@/server/contract/answers";
import { AppError, badInput, type ErrorCode } from "@/server/domain/basics/errors";
import type { FeedTruth } from "@/server/domain/ticks/collector";
import { feeds } from "@/server/feeds";

const DEFAULT_SERVER = `http://127.0.0.1:${process.env["PORT"] ?? "8080"}`;

const variables = feeds
  .flatMap(({ loginFields }) => loginFields.filter(({ daily }) => daily === true).map(({ env }) => env))
  .join(", ");

/** The value of each field: its variable, else the next line of standard input that is not empty. */
const valuesOf = async (daily: FeedTruth["daily"]): Promise<Record<string, string>> => {
  const values: Record<string, string> = {};
  const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
  for (const { field, title, env } of daily) {
    let value = process.env[env]?.trim() ?? "";
    if (value === "" && process.stdin.isTTY) process.stderr.write(`${title}, then Enter: `);
    while (value === "") {
      const line = await lines.next();
      if (line.done === true) throw badInput(title.toLowerCase(), "", `a value in ${env} or on standard input`);
      value = line.value.trim();
    }
    values[field] = value;
  }
  return values;
};

const ask = async <T>(server: string, path: string, init: RequestInit = {}): Promise<T> => {
  const answer = await fetch(new URL(path, server), { ...init, signal: AbortSignal.timeout(30_000) }).catch(
    (cause: unknown) => {
      throw new AppError("internal", `Nothing responds at ${server}. Is Candela running there?`, { cause });
    },
  );
  const body = (await answer.json().catch(() => null)) as {
    data?: T;
    error?: { code: ErrorCode; message: string };
  } | null;
  if (body?.error !== undefined) throw new AppError(body.error.code, body.error.message);
  if (body?.data === undefined) throw badInput("--server", server, "the address of a running Candela");
  return body.data;
};

/** The collector that is named, else the only one that wants something every day. */
const collectorOf = (named: string | undefined, running: readonly FeedTruth[]): FeedTruth => {
  const able = running.filter(({ daily }) => daily.length > 0);
  const names = able.map(({ collector }) => collector).join(", ") || "none";
  const chosen = named === undefined ? able : able.filter(({ collector }) => collector === named);
  if (chosen.length === 1) return chosen[0]!;
  if (named === undefined && chosen.length > 1) throw badInput("collector", "", `one of ${names}`);
  throw new AppError("not_found", `no collector ${JSON.stringify(named ?? "")} is configured; available: ${names}`, {
    details: { field: "collector", value: named ?? "", accepted: names },
  });
};

export const loginCommand = (program: Command): void => {
  program
    .command("login")
    .description("give a running server today's access token; it connects at once")
    .argument("[collector]", "name of the login (default: the only one of the server)")
    .option("--server <url>", "server address", DEFAULT_SERVER)
    .option("--json", "one JSON object: { collector, checked }")
    .addHelpText("after", `\nThe token is read from the broker's variable (${variables}), else from standard input.`)
    .action(async (named: string | undefined, { server, json = false }: { server: string; json?: boolean }) => {
      if (!URL.canParse(server)) throw badInput("--server", server, `an address such as ${DEFAULT_SERVER}`);
      const { feeds: running } = await ask<{ feeds: FeedTruth[] }>(server, "/api/v1/health");
      const { collector, daily } = collectorOf(named, running);
      const handed = await ask<HandedOver>(server, `/api/v1/collectors/${encodeURIComponent(collector)}/login`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(await valuesOf(daily)),
      });
      if (json) process.stdout.write(`${JSON.stringify(handed)}\n`);
      else
        process.stdout.write(
          `${handed.collector} has the new token${handed.checked ? ", and the broker accepted it" : "; the broker could not be reached to check it"}\n`,
        );
      process.stdin.destroy();
    });
};
