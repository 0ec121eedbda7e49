import { AppError } from "@/server/domain/basics/errors";
import { isOutOfFiles, tooFewFiles } from "./file-limit";

/** What the system says of a folder or a disk, and what that is in words. */
const REASONS: Readonly<Record<string, string>> = {
  ENOSPC: "the disk is full",
  EDQUOT: "the disk is full",
  EACCES: "this user has no read and write permission there",
  EPERM: "this user has no read and write permission there",
  EROFS: "the disk is read-only",
  EIO: "the disk reported an I/O error",
  ENOTDIR: "it is not a folder",
  EISDIR: "a folder is in the place of a file",
  EEXIST: "a file is in the place of a folder",
  ENAMETOOLONG: "the path is too long",
  ELOOP: "it contains a circular symbolic link",
};

/** Lock, key, spool or database: whatever meets a full disk or a closed folder first, the user needs the same sentence. */
export const startError = (dataDir: string, cause: unknown): unknown => {
  for (let error = cause; error instanceof Error; error = error.cause) {
    if (isOutOfFiles(error)) return tooFewFiles(null);
    const { code, path } = error as NodeJS.ErrnoException;
    const reason = REASONS[code ?? ""];
    const isFull = code === "ENOSPC" || code === "EDQUOT";
    if (reason !== undefined && (isFull || path?.startsWith(dataDir) === true))
      return new AppError(
        "store_unreachable",
        `Cannot start with the data folder ${dataDir}: ${reason} (${error.message})`,
        {
          retryable: true,
          cause,
        },
      );
  }
  return cause;
};
