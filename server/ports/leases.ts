/** A running instance of the server. */
export interface LeaseHolder {
  /** Its own for ever: another run, also in the same process, has another. */
  instance: string;
  host: string;
  pid: number;
  /** When the process started, in its system's format; distinguishes it from a later one with the same number. */
  started: string;
}

/** The current state of a lease. */
export interface HeldLease {
  holder: LeaseHolder;
  /** Epoch ms by the store's clock. */
  since: number;
  /** Ms until it expires; at most 0 when it has. */
  remainingMs: number;
}

/**
 * Named resources that only one instance may hold at a time. Time is the store's own, so the hosts' clocks do not
 * matter.
 */
export interface LeaseStore {
  /**
   * Takes the lease if it is free, expired, the instance's own, or held by the instance `dead`. Returns the lease as it
   * then is; its owner shows whether it was taken. Resolves after commit.
   */
  acquire(name: string, holder: LeaseHolder, lengthMs: number, dead?: string): Promise<HeldLease>;
  /** Holds it for another length; false when it is another's now. */
  renew(name: string, instance: string, lengthMs: number): Promise<boolean>;
  /** Frees it if it is the instance's. */
  release(name: string, instance: string): Promise<void>;
}
