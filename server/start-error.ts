import { AppError } from "@/server/domain/basics/errors";
import { isOutOfFiles, tooFewFiles } from "./file-limit";

/** What the system says of a folder or a disk, and what that is in words. */
const REASONS: Readonly<Record<string, string>> = {
  ENOSPC: "the disk is full",
  EDQUOT: "the disk is full",
  EACCES: "this user may not read and write there",
  EPERM: "this user may not read and write there",
  EROFS: "its disk can only be read",
  EIO: "its disk has a fault",
  ENOTDIR: "it is no folder",
  EISDIR: "a folder stands where a file should",
  EEXIST: "a file stands where a folder should",
  ENAMETOOLONG: "its path is too long",
  ELOOP: "its links lead in a circle",
};

/** Lock, key, spool or database: whatever meets a full disk or a closed folder first, the user needs the same sentence. */
export const startError = (dataDir: string, cause: unknown): unknown => {
  for (let error = cause; error instanceof Error; error = error.cause) {
    if (isOutOfFiles(error)) return tooFewFiles(null);
    const { code, path } = error as NodeJS.ErrnoException;
    const reason = REASONS[code ?? ""];
    const isFull = code === "ENOSPC" || code === "EDQUOT";
    if (reason !== undefined && (isFull || path?.startsWith(dataDir) === true))
      return new AppError("store_unreachable", `What is in ${dataDir} does not start: ${reason} (${error.message})`, {
        retryable: true,
        cause,
      });
  }
  return cause;
};
