import { afterEach, describe, expect, it } from "vitest";
import { cleanUp, comesBackWhole, configured, folder } from "@/server/testing/whole-server";

afterEach(cleanUp);

describe("the server as a whole", () => {
  it("comes back from a stop with every minute as the exchange has it, on the embedded database", async () => {
    const container = await comesBackWhole(configured(folder()));
    expect(container.store.describe().kind).toBe("embedded");
  }, 700_000);
});
