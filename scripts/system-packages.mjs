import { accessSync, constants, existsSync } from "node:fs";
import path from "node:path";
import { runOrFail } from "./steps.mjs";

const isProgram = (file) => {
  try {
    accessSync(file, constants.X_OK);
    return existsSync(file);
  } catch {
    return false;
  }
};

/** Full path of a program, from the PATH and the system folders that a root shell may lack; null when it is not there. */
export function findProgram(name) {
  const folders = [...(process.env.PATH ?? "").split(path.delimiter), "/usr/bin", "/bin", "/usr/sbin", "/sbin"];
  return folders.map((folder) => path.join(folder, name)).find(isProgram) ?? null;
}

/** Only root on Debian or a relative may add packages; elsewhere the tests use what is installed. */
export const canInstall = () =>
  process.platform === "linux" && process.getuid() === 0 && findProgram("apt-get") !== null;

const env = () => ({
  ...process.env,
  DEBIAN_FRONTEND: "noninteractive",
  RUNLEVEL: "1", // an installed server is not started by itself: the tests start their own
});

const aptGet = (args, sentence) =>
  runOrFail(
    findProgram("apt-get"),
    ["-q", "-o", "DPkg::Lock::Timeout=600", "-o", "Acquire::Retries=3", ...args],
    sentence,
    { env: env() },
  );

/** Installs Debian packages, with fresh lists. Rejects with a StepError. */
export async function aptInstall(names) {
  const sentence = `Debian's ${names.join(", ")} could not be installed.`;
  await aptGet(["update"], sentence);
  await aptGet(["install", "-y", "--no-install-recommends", ...names], sentence);
}
