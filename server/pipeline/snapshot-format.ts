import { badInput } from "@/server/domain/basics/errors";

/**
 * Increase it whenever the shape of a stage's snapshot, or the meaning of a slot in it, changes: a snapshot with
 * another number is refused. `snapshot-format.test.ts` fails if the number stays.
 */
export const STAGE_SNAPSHOT_FORMAT = 2;

export const mustBeReadable = (format: number): void => {
  if (format !== STAGE_SNAPSHOT_FORMAT)
    throw badInput("snapshot format", format, `a snapshot of format ${STAGE_SNAPSHOT_FORMAT}`);
};
