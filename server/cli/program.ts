/** All commands of `candela`. Each prints JSON with `--json`: for programs, one object or one object a line. */
import { Command } from "commander";
import { version } from "@/package.json";
import { databaseCommand } from "./database";
import { backfillCommand } from "./backfill";
import { decodeCommand } from "./decode";
import { inspectCommand } from "./inspect";
import { loginCommand } from "./login";
import { replayCommand } from "./replay";
import { resampleCommand } from "./resample";
import { sessionsCommand } from "./sessions";
import { streamCommand } from "./stream";
import { verifyCommand } from "./verify";

export const createProgram = (): Command => {
  const program = new Command("candela")
    .description("market data of Indian exchanges on the command line")
    .version(version)
    .exitOverride()
    .showHelpAfterError("(see --help)");
  decodeCommand(program);
  inspectCommand(program);
  replayCommand(program);
  resampleCommand(program);
  sessionsCommand(program);
  backfillCommand(program);
  verifyCommand(program);
  streamCommand(program);
  databaseCommand(program);
  loginCommand(program);
  return program;
};
