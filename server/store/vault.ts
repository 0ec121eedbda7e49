import { createCipheriv, createDecipheriv, createHash, randomBytes } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { AppError } from "@/server/domain/basics/errors";

/** Seals what must not be read from a copy of the database: AES-256-GCM, bound to the name it belongs to. */
export interface Vault {
  seal(name: string, secret: Record<string, string>): Uint8Array<ArrayBuffer>;
  /** Throws where the key is another one than it was sealed with. */
  unseal(name: string, sealed: Uint8Array): Record<string, string>;
}

const VERSION = 1;
const KEY_BYTES = 32;
const IV_BYTES = 12;
const TAG_BYTES = 16;

/** Compares two secrets without storing either. */
export const fingerprint = (secret: string): string => createHash("sha256").update(secret).digest("hex");

/** The vault of a data folder: its key is DATA_DIR/secret.key, made on the first start, readable by the owner alone. */
export const openVault = async (dataDir: string): Promise<Vault> => {
  const file = path.join(dataDir, "secret.key");
  await mkdir(dataDir, { recursive: true });
  await writeFile(file, `${randomBytes(KEY_BYTES).toString("base64")}\n`, { flag: "wx", mode: 0o600 }).catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code !== "EEXIST") throw error;
    },
  );
  const key = Buffer.from(await readFile(file, "utf8"), "base64");
  if (key.length !== KEY_BYTES) {
    throw new AppError(
      "bad_input",
      `${file} is not a key of ${KEY_BYTES} bytes in base64; restore it, or delete it and enter the broker logins again.`,
    );
  }
  return {
    seal(name, secret) {
      const iv = randomBytes(IV_BYTES);
      const cipher = createCipheriv("aes-256-gcm", key, iv).setAAD(Buffer.from(name));
      const body = Buffer.concat([cipher.update(JSON.stringify(secret), "utf8"), cipher.final()]);
      return new Uint8Array(Buffer.concat([Buffer.from([VERSION]), iv, cipher.getAuthTag(), body]));
    },
    unseal(name, sealed) {
      try {
        const bytes = Buffer.from(sealed);
        const iv = bytes.subarray(1, 1 + IV_BYTES);
        const tag = bytes.subarray(1 + IV_BYTES, 1 + IV_BYTES + TAG_BYTES);
        const decipher = createDecipheriv("aes-256-gcm", key, iv).setAAD(Buffer.from(name)).setAuthTag(tag);
        const body = Buffer.concat([decipher.update(bytes.subarray(1 + IV_BYTES + TAG_BYTES)), decipher.final()]);
        return JSON.parse(body.toString("utf8")) as Record<string, string>;
      } catch (cause) {
        throw new AppError(
          "internal",
          `The login of ${name} was stored with a different key than ${file}; enter it again.`,
          { cause },
        );
      }
    },
  };
};
