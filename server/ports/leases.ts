/** A running instance of the server. */
export interface LeaseHolder {
  /** Its own for ever: another run, also in the same process, has another. */
  instance: string;
  host: string;
  pid: number;
  /** When the process started, in its system's words: tells it from a later one with the same number. */
  started: string;
}

/** A lease as it stands. */
export interface HeldLease {
  holder: LeaseHolder;
  /** Epoch ms by the store's clock. */
  since: number;
  /** Ms until it is free for anybody; at most 0 when it is. */
  remainingMs: number;
}

/** What only one instance may have at a time, by name. Time is the store's own, so that clocks of hosts do not matter. */
export interface LeaseStore {
  /**
   * Takes the lease where it is free, expired, the instance's own, or held by the instance `dead`; answers it as it then
   * stands: whose it is tells whether it was taken. Resolves after commit.
   */
  acquire(name: string, holder: LeaseHolder, lengthMs: number, dead?: string): Promise<HeldLease>;
  /** Holds it for another length; false when it is another's now. */
  renew(name: string, instance: string, lengthMs: number): Promise<boolean>;
  /** Frees it if it is the instance's. */
  release(name: string, instance: string): Promise<void>;
}
