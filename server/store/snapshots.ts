import { promisify } from "node:util";
import { constants, createGzip, gunzip } from "node:zlib";
import type { KeptSet, SnapshotSet, SnapshotStore } from "@/server/ports/snapshots";
import { reaching, rowsOf, type Database } from "./database";

const KEPT = 10;
/**
 * Sets saved between two vacuums of the embedded database, which has no autovacuum; they reclaim the space of deleted
 * sets.
 */
const CLEAR_EVERY = 10;

/**
 * Sets of states, compressed outside the event loop. The compression's checksum detects a damaged set. One statement
 * adds a set and deletes the eleventh.
 */
export const snapshotStore = (database: () => Database, isEmbedded: () => boolean): SnapshotStore => {
  let saved = 0;
  return {
    async save({ takenAt, version, instances, pieces }: SnapshotSet) {
      const state = await compressed(pieces);
      await reaching(() =>
        database().pool.query(
          `WITH saved AS (INSERT INTO indicator_snapshots (taken_at, version, instances, state) VALUES (to_timestamp($1::double precision / 1000), $2, $3, $4))
         DELETE FROM indicator_snapshots WHERE id NOT IN (SELECT id FROM indicator_snapshots ORDER BY id DESC LIMIT ${KEPT - 1})`,
          [takenAt, version, instances, state],
        ),
      );
      if (isEmbedded() && ++saved % CLEAR_EVERY === 0)
        await reaching(() => database().pool.query("VACUUM indicator_snapshots"));
    },
    async list() {
      const rows = await reaching(() =>
        rowsOf<[number, string, number, number]>(
          database().pool,
          "SELECT id, (extract(epoch FROM taken_at) * 1000)::bigint, version, instances FROM indicator_snapshots ORDER BY id DESC",
        ),
      );
      return rows.map(([id, takenAt, version, instances]): KeptSet => ({
        id,
        takenAt: Number(takenAt),
        version,
        instances,
      }));
    },
    async lines(id) {
      const rows = await reaching(() =>
        rowsOf<[Buffer]>(database().pool, "SELECT state FROM indicator_snapshots WHERE id = $1", [id]),
      );
      if (rows.length === 0) return [];
      return linesOf(rows[0]![0]);
    },
  };
};

/** Throws on bytes that are not what `compressed` gave. */
export const linesOf = async (state: Buffer): Promise<string[]> =>
  (await promisify(gunzip)(state)).toString("utf8").split("\n");

/** Piece by piece: no single one holds the event loop. */
export const compressed = (pieces: readonly string[]): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    const gzip = createGzip({ level: constants.Z_BEST_SPEED });
    const chunks: Buffer[] = [];
    gzip
      .on("data", (chunk: Buffer) => chunks.push(chunk))
      .on("error", reject)
      .on("end", () => resolve(Buffer.concat(chunks)));
    void (async () => {
      for (const [place, piece] of pieces.entries()) {
        if (!gzip.write(place === 0 ? piece : `\n${piece}`))
          await new Promise((drained) => gzip.once("drain", drained));
      }
      gzip.end();
    })();
  });
