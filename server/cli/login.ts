/** `candela login [collector]`: hands a new access token to a running server. The token is read from standard input or KITE_ACCESS_TOKEN, never from the command line, where every user of the machine could see it. */
import type { Command } from "commander";
import type { HandedOver } from "@/server/contract/collectors";
import { AppError, badInput, type ErrorCode } from "@/server/domain/basics/errors";

const DEFAULT_SERVER = `http://127.0.0.1:${process.env["PORT"] ?? "8080"}`;

const fromInput = async (): Promise<string> => {
  if (process.stdin.isTTY) process.stderr.write("Access token, then Enter: ");
  for await (const chunk of process.stdin) {
    const [line] = String(chunk).split(/\r?\n/);
    if (line !== undefined && line.trim() !== "") return line.trim();
  }
  return "";
};

export const loginCommand = (program: Command): void => {
  program
    .command("login")
    .description("hand the day's access token to a running server, which connects with it at once")
    .argument("[collector]", "name of the login", "kite-1")
    .option("--server <url>", "address of the server", DEFAULT_SERVER)
    .option("--json", "one JSON object: { collector, checked }")
    .addHelpText("after", "\nThe token is read from KITE_ACCESS_TOKEN, else from standard input.")
    .action(async (collector: string, { server, json = false }: { server: string; json?: boolean }) => {
      if (!URL.canParse(server)) throw badInput("--server", server, `an address such as ${DEFAULT_SERVER}`);
      const accessToken = process.env["KITE_ACCESS_TOKEN"] ?? (await fromInput());
      if (accessToken === "") throw badInput("access token", "", "a token in KITE_ACCESS_TOKEN or on standard input");
      const answer = await fetch(new URL(`/api/v1/collectors/${encodeURIComponent(collector)}/login`, server), {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ accessToken }),
        signal: AbortSignal.timeout(30_000),
      }).catch((cause: unknown) => {
        throw new AppError("internal", `Nothing answers at ${server}; is Candela running there?`, { cause });
      });
      const body = (await answer.json().catch(() => null)) as {
        data?: HandedOver;
        error?: { code: ErrorCode; message: string };
      } | null;
      if (body?.error !== undefined) throw new AppError(body.error.code, body.error.message);
      if (body?.data === undefined) throw badInput("--server", server, "the address of a running Candela");
      if (json) process.stdout.write(`${JSON.stringify(body.data)}\n`);
      else
        process.stdout.write(
          `${body.data.collector} has the new access token${body.data.checked ? ", and the broker accepts it" : "; the broker could not be asked whether it is good"}\n`,
        );
      process.stdin.destroy();
    });
};
