import { badInput } from "@/server/domain/basics/errors";

/**
 * Raised whenever the snapshot of a stage changes its shape or the meaning of a place in it: one that was taken under
 * another number is refused. `snapshot-format.test.ts` fails when the number stays.
 */
export const STAGE_SNAPSHOT_FORMAT = 2;

export const mustBeReadable = (format: number): void => {
  if (format !== STAGE_SNAPSHOT_FORMAT)
    throw badInput("snapshot format", format, `a snapshot of format ${STAGE_SNAPSHOT_FORMAT}`);
};
