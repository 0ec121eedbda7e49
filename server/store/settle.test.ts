import { describe, expect, it } from "vitest";
import type { Clock } from "@/server/ports/clock";
import type { Database } from "./database";
import { settleBars } from "./settle";

/** A pool that has the answers of TimescaleDB's catalog: compressed chunks need its full edition. */
const pool = (chunks: { name: string; bytes: number; after: number }[]) => {
  const said: string[] = [];
  const query = async (given: string | { text: string; values?: unknown[] }, values: unknown[] = []) => {
    const [text, args] = typeof given === "string" ? [given, values] : [given.text, given.values ?? []];
    said.push(text.trim().split("\n")[0]!);
    if (text.includes("to_regclass")) return { rows: [[true]] };
    if (text.includes("information.hypertables")) return { rows: [[1]] };
    if (text.includes("is_compressed IS TRUE")) return { rows: chunks.map(({ name, bytes }) => [name, bytes]) };
    if (text.startsWith("SELECT pg_relation_size"))
      return { rows: [[chunks.find(({ name }) => name === args[0])!.after]] };
    return { rows: [] };
  };
  return { pool: { query } as unknown as Database["pool"], said };
};

describe("compressed weeks", () => {
  it("give back the room that their own file keeps, without a lock that holds anybody up", async () => {
    const { pool: given, said } = pool([
      { name: "_timescaledb_internal._hyper_1_1_chunk", bytes: 9_000_000, after: 0 },
      { name: "_timescaledb_internal._hyper_1_2_chunk", bytes: 5_000_000, after: 5_000_000 },
    ]);
    const settled = await settleBars(
      { pool: given },
      { sleep: async () => {} } as unknown as Clock,
      { pruned: 0, finished: 0 },
      new AbortController().signal,
    );
    expect(settled).toEqual({ chunks: 1, bytes: 9_000_000, busy: 0 });
    expect(said.filter((text) => text.startsWith("VACUUM"))).toEqual([
      "VACUUM (ANALYZE) _timescaledb_internal._hyper_1_1_chunk",
      "VACUUM (ANALYZE) _timescaledb_internal._hyper_1_2_chunk",
    ]);
    expect(said.some((text) => text.startsWith("CLUSTER"))).toBe(false);
  });
});
