import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, it } from "vitest";
import { createContainer } from "./container";
import { wholeConfig } from "./testing/whole-config";

/** Stop is the reverse of this (`parts/lifecycle.test.ts`). */
it("starts its parts in an order that is safe to undo in reverse", async () => {
  const folder = mkdtempSync(path.join(tmpdir(), "candela-order-"));
  try {
    const { parts, stop } = await createContainer(wholeConfig(folder), () => {});
    await stop();
    expect(parts).toEqual([
      // The folder is given back last, when nothing writes into it any more; the store before it.
      "data folder",
      "store",
      "calendar",
      "instruments",
      "simulated exchange",
      "status",
      // A lease is given back once all that came with it is written, so that the next owner finds it.
      "leases",
      "bar writer",
      "tick recorder",
      "book recorder",
      "retention",
      // These write and read through the writers.
      "quality",
      "backfills",
      "derived bars",
      "indicators",
      "latest values",
      "publishers",
      "movers",
      // The pipeline closes what the clock has closed while everything it brings bars to still takes them.
      "pipeline",
      "watchlists",
      "charts",
      // Feeds start last and stop first: no tick arrives before something can take it.
      "feeds",
      "work under way",
    ]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
