/** `candela`: the project's command line. Standard output carries the answer alone; everything else goes to standard error. */
import { Command, CommanderError } from "commander";
import { version } from "@/package.json";
import { hasCode } from "@/server/domain/errors";
import { databaseCommand } from "./database";
import { backfillCommand } from "./backfill";
import { decodeCommand } from "./decode";
import { loginCommand } from "./login";
import { replayCommand } from "./replay";
import { resampleCommand } from "./resample";
import { sessionsCommand } from "./sessions";
import { streamCommand } from "./stream";
import { verifyCommand } from "./verify";

const program = new Command("candela")
  .description("market data of Indian exchanges on the command line")
  .version(version)
  .exitOverride()
  .showHelpAfterError("(--help explains)");
decodeCommand(program);
replayCommand(program);
resampleCommand(program);
sessionsCommand(program);
backfillCommand(program);
verifyCommand(program);
streamCommand(program);
databaseCommand(program);
loginCommand(program);

// The reader has seen enough (`| head`): that is no error.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(0);
  throw error;
});

try {
  await program.parseAsync(process.argv);
} catch (error) {
  // Commander has written its own sentence (or the help that was asked for) already.
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 || error.code === "commander.help" ? 0 : 2;
  else {
    process.stderr.write(`${(error as Error).message}\n`);
    process.exitCode = hasCode(error, "bad_input") ? 2 : 1;
  }
}
