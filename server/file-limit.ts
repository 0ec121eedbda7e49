import { readFileSync } from "node:fs";
import { AppError } from "@/server/domain/basics/errors";

/** The database, the pages and their browsers: with fewer a start ends in the middle of something. */
const FEWEST_FILES = 256;

/** Files a process may open, from the system's table of its limits; null where there is none, or no limit. */
export const filesAllowed = (limits: string): number | null => {
  const soft = /^Max open files\s+(\d+)/m.exec(limits)?.[1];
  return soft === undefined ? null : Number(soft);
};

export const tooFewFiles = (allowed: number | null): AppError =>
  new AppError(
    "unsupported",
    `This process may open ${allowed === null ? "too few" : `only ${allowed}`} files at once, and Candela needs ${FEWEST_FILES} or more: run "ulimit -n 4096" and start again.`,
    { details: { field: "ulimit -n", value: allowed, accepted: `${FEWEST_FILES} or more` } },
  );

/** Throws where the system allows too few. Node raises its own limit as far as it may, so what stands here cannot be helped from inside. */
export const checkFileLimit = (read: () => string = () => readFileSync("/proc/self/limits", "utf8")): void => {
  let allowed: number | null;
  try {
    allowed = filesAllowed(read());
  } catch (cause) {
    // Too few to read even this; elsewhere there is no such table.
    if (isOutOfFiles(cause)) throw tooFewFiles(null);
    return;
  }
  if (allowed !== null && allowed < FEWEST_FILES) throw tooFewFiles(allowed);
};

export const isOutOfFiles = (error: unknown): boolean =>
  ["EMFILE", "ENFILE"].includes((error as NodeJS.ErrnoException | null)?.code ?? "");
