import type { Pool } from "pg";
import type { Store } from "@/server/ports/stores";

/** An open database, embedded or on a server: the same SQL runs on both. */
export interface Backend {
  pool: Pool;
  description: ReturnType<Store["describe"]>;
  /** Ends the pool and, embedded, the database with it. */
  stop(): Promise<void>;
}
