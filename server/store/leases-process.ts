import { execFileSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import type { LeaseHolder } from "@/server/ports/leases";

/** When a process started, in the system's format; null if unknown (it has ended, Windows). */
export const startOf = (pid: number): string | null => {
  try {
    if (process.platform === "linux") {
      const fields = readFileSync(`/proc/${pid}/stat`, "latin1");
      // Field 22, counted after the command's closing bracket: the command itself may hold blanks.
      const rest = fields.slice(fields.lastIndexOf(")") + 2).split(" ");
      const ticks = rest[19];
      // Dead, but its exit status has not been collected.
      if (rest[0] === "Z") return "ended";
      return `${readFileSync("/proc/sys/kernel/random/boot_id", "latin1").trim()} ${ticks}`;
    }
    if (process.platform === "win32") return null;
    return execFileSync("env", ["LC_ALL=C", "ps", "-o", "lstart=", "-p", String(pid)], { encoding: "utf8" }).trim();
  } catch {
    return null;
  }
};

/** Whether the process with this number that started then still runs here. */
export const isRunning = (pid: number, startedThen: string | null): boolean => {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EPERM") return false;
  }
  const started = startOf(pid);
  return startedThen === null || started === null || startedThen === started;
};

/** This process, as the holder of leases: each call is an instance of its own. */
export const thisInstance = (): LeaseHolder => ({
  instance: randomUUID(),
  host: hostname(),
  pid: process.pid,
  started: startOf(process.pid) ?? "",
});

const bootOf = (started: string): string => /^[0-9a-f-]{36}(?= )/.exec(started)?.[0] ?? "";

/** True where it is certain that the holder runs no more: a process of this machine, since its last start. */
export const isDead = ({ host, pid, started }: LeaseHolder): boolean => {
  const self = startOf(process.pid) ?? "";
  // A machine of the same name with another boot: this one before a restart, or another of that name. Only the lease's
  // expiry can decide.
  return host === hostname() && bootOf(started) === bootOf(self) && !isRunning(pid, started === "" ? null : started);
};
