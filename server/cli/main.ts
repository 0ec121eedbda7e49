/**
 * `candela`: the project's command line. Standard output contains only results; everything else goes to standard error.
 */
import { CommanderError } from "commander";
import { hasCode } from "@/server/domain/basics/errors";
import { createProgram } from "./program";

// The reader has seen enough (`| head`): that is no error.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(0);
  throw error;
});

try {
  await createProgram().parseAsync(process.argv);
} catch (error) {
  // Commander has written its own sentence (or the help that was asked for) already.
  if (error instanceof CommanderError)
    process.exitCode = error.exitCode === 0 || error.code === "commander.help" ? 0 : 2;
  else {
    process.stderr.write(`${(error as Error).message}\n`);
    process.exitCode = hasCode(error, "bad_input") ? 2 : 1;
  }
}
