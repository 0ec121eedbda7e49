/** Whether a process with this id runs on this machine. */
export function isRunning(pid: number): boolean;
/** Runs `work` while no other process of this machine holds the same lock file. */
export function withLock<T>(file: string, onWait: (pid: number | null) => void, work: () => Promise<T>): Promise<T>;
