import { cp, mkdtemp, readFile, rename, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { lockFolder } from "./folder-lock";

describe("the lock of a data folder", () => {
  let root: string;
  beforeEach(async () => {
    root = await mkdtemp(path.join(tmpdir(), "candela-lock-"));
  });
  afterEach(() => rm(root, { recursive: true, force: true }));
  const fileIn = (folder: string): string => path.join(folder, "candela.lock");
  const lock = (name: string): Promise<() => Promise<void>> =>
    lockFolder(path.join(root, name), fileIn(path.join(root, name)), Date.now());

  it("holds its folder, however that is called, until it is let go", async () => {
    const release = await lock("data");
    await symlink(path.join(root, "data"), path.join(root, "link"));
    for (const name of ["data", "link"])
      await expect(lock(name)).rejects.toMatchObject({ code: "locked", details: { pid: process.pid } });
    await rename(path.join(root, "data"), path.join(root, "moved"));
    await expect(lock("moved")).rejects.toMatchObject({ code: "locked" });
    await rename(path.join(root, "moved"), path.join(root, "data"));
    await release();
    await (
      await lock("data")
    )();
  });

  it("does not hold a copy made while it was at work", async () => {
    const release = await lock("data");
    await cp(path.join(root, "data"), path.join(root, "copy"), { recursive: true });
    const other = await lock("copy");
    await expect(lock("copy")).rejects.toMatchObject({ code: "locked" });
    await expect(lock("data")).rejects.toMatchObject({ code: "locked" });
    await other();
    await release();
  });

  it("holds where an older version has not said which folder it is", async () => {
    const release = await lock("data");
    const {
      path: _,
      inode: __,
      ...older
    } = JSON.parse(await readFile(fileIn(path.join(root, "data")), "utf8")) as Record<string, unknown>;
    await writeFile(fileIn(path.join(root, "data")), JSON.stringify(older));
    await expect(lock("data")).rejects.toMatchObject({ code: "locked" });
    await release();
  });
});
