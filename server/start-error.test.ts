import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { AppError } from "@/server/domain/basics/errors";
import { startError } from "./start-error";
import { lockFolder } from "./store/folder-lock";

const told = (code: string, file?: string): Error =>
  Object.assign(new Error(`${code}: it went wrong`), { code, ...(file === undefined ? {} : { path: file }) });

describe("an error of the start", () => {
  it.each([
    ["ENOSPC", undefined, /disk is full \(ENOSPC/],
    ["EACCES", "/data/candela.lock.guard", /this user has no read and write permission there \(EACCES/],
    ["EROFS", "/data/x", /read-only/],
    ["ENOTDIR", "/data", /not a folder/],
    ["EISDIR", "/data/vault.key", /a folder is in the place of a file/],
  ])("%s at %s is a sentence that names the data folder", (code, file, words) => {
    for (const cause of [told(code, file), new Error("the store", { cause: told(code, file) })]) {
      expect(startError("/data", cause)).toMatchObject({
        name: "AppError",
        code: "store_unreachable",
        message: expect.stringMatching(words) as unknown,
      });
      expect((startError("/data", cause) as Error).message).toContain("Cannot start with the data folder /data");
    }
  });

  it("is left as it is where it is not about the folder", () => {
    for (const cause of [
      new AppError("locked", "in use"),
      told("EACCES", "/elsewhere"),
      told("ECONNREFUSED"),
      new TypeError("a fault of ours"),
    ])
      expect(startError("/data", cause)).toBe(cause);
    expect(startError("/data", told("EMFILE"))).toMatchObject({ code: "unsupported" });
  });

  it("is one for a folder that is a file, or that may not be written to", async () => {
    const root = await mkdtemp(path.join(tmpdir(), "candela-start-"));
    try {
      const folder = path.join(root, "data");
      const start = async (): Promise<unknown> =>
        lockFolder(folder, path.join(folder, "candela.lock"), Date.now()).then(
          (release) => release(),
          (cause: unknown) => startError(folder, cause),
        );
      await writeFile(folder, "");
      expect(await start()).toMatchObject({ code: "store_unreachable" });
      await rm(folder);
      await mkdir(folder);
      await chmod(folder, 0o500);
      // Nothing is closed to root.
      if (process.getuid?.() !== 0) expect(await start()).toMatchObject({ code: "store_unreachable" });
    } finally {
      await rm(root, { recursive: true, force: true });
    }
  });
});
