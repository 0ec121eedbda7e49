import { readFile, rm, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { temporaryFolder } from "@/server/testing/store-open";
import { openVault } from "./vault";

let folder: string;
beforeEach(async () => {
  folder = await temporaryFolder();
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe("the vault", () => {
  it("opens again what it sealed, with a key only the owner may read", async () => {
    const sealed = (await openVault(folder)).seal("main", { accessToken: "hush ₹" });
    expect((await openVault(folder)).unseal("main", sealed)).toEqual({ accessToken: "hush ₹" });
    expect((await stat(path.join(folder, "secret.key"))).mode & 0o077).toBe(0);
  });

  it("shows nothing of the secret and never the same bytes twice", async () => {
    const vault = await openVault(folder);
    const [one, two] = [vault.seal("main", { accessToken: "hush" }), vault.seal("main", { accessToken: "hush" })];
    expect(Buffer.from(one).includes("hush")).toBe(false);
    expect(Buffer.from(one).equals(two)).toBe(false);
  });

  it("refuses a changed byte, another collector's name and another key", async () => {
    const vault = await openVault(folder);
    const sealed = vault.seal("main", { accessToken: "hush" });
    const changed = sealed.slice();
    changed[changed.length - 1]! ^= 1;
    expect(() => vault.unseal("main", changed)).toThrow(/enter it again/);
    expect(() => vault.unseal("other", sealed)).toThrow(/enter it again/);
    await rm(path.join(folder, "secret.key"));
    const another = await openVault(folder);
    expect(() => another.unseal("main", sealed)).toThrow(/stored with a different key/);
  });

  it("says so when the key file is not a key, and leaves it alone", async () => {
    const file = path.join(folder, "secret.key");
    await writeFile(file, "not a key\n");
    await expect(openVault(folder)).rejects.toMatchObject({ code: "bad_input" });
    expect(await readFile(file, "utf8")).toBe("not a key\n");
  });
});
