import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as wait } from "node:timers/promises";

const holder = (file) => {
  try {
    return Number(readFileSync(file, "utf8"));
  } catch {
    return null;
  }
};

/** Whether a process with this id runs on this machine. */
export const isRunning = (pid) => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
};

function take(file) {
  try {
    writeFileSync(file, String(process.pid), { flag: "wx" });
    return true;
  } catch (error) {
    if (error.code !== "EEXIST") throw error;
    return false;
  }
}

/** Moves a dead process's lock aside; a lock taken by another process in between is put back. */
function clearDead(file, pid) {
  const aside = `${file}.${process.pid}`;
  try {
    renameSync(file, aside);
  } catch {
    return;
  }
  if (holder(aside) !== pid) renameSync(aside, file);
  else rmSync(aside, { force: true });
}

/** Runs `work` while no other process of this machine holds the same lock file. `onWait` is called once if it has to wait. */
export async function withLock(file, onWait, work) {
  mkdirSync(path.dirname(file), { recursive: true });
  let told = false;
  while (!take(file)) {
    const pid = holder(file);
    if (pid !== null && pid > 0 && !isRunning(pid)) {
      clearDead(file, pid);
      continue;
    }
    if (!told) {
      onWait(pid);
      told = true;
    }
    await wait(200);
  }
  const release = () => rmSync(file, { force: true });
  process.once("exit", release);
  try {
    return await work();
  } finally {
    process.off("exit", release);
    release();
  }
}
