import type { Clock } from "@/server/ports/clock";
import type { HeldLease, LeaseHolder, LeaseStore } from "@/server/ports/leases";
import type { Log } from "@/server/ports/observe";

/** Held for so long at a time: how long another host waits after a crash it cannot see. */
const LENGTH_MS = 15_000;
const RENEW_MS = 5_000;
/** How often a standby instance checks whether the lease is free. */
const LOOK_MS = 2_000;

export interface LeaseParts {
  store: LeaseStore;
  /** This run of the process. */
  self: LeaseHolder;
  /** True where it is certain that the holder runs no more. */
  isDead(holder: LeaseHolder): boolean;
  /** Called when a holder's lease was taken over. */
  tookOver?(holder: LeaseHolder): void;
  /** Real time. */
  wall: Clock;
  log: Log;
}

export interface LeaseWork {
  /** The lease is ours: works until the signal aborts, which says why. Called again whenever the lease comes back. */
  held(signal: AbortSignal): Promise<void>;
  /** Called with one sentence when another instance holds the lease: at first, and whenever it changes. */
  waiting(reason: string): void;
}

/**
 * Runs something only while this instance holds a lease. Otherwise it is on standby and takes over when the holder
 * ends, at once if it can detect that. While the database is unavailable the holder continues: nobody can take the
 * lease then, and ticks that are not collected are lost.
 */
export class Leases {
  private readonly holding = new Set<string>();
  constructor(private readonly parts: LeaseParts) {}

  /** Stands by and works in turn until the signal aborts. Rejects when the work does, the lease freed. */
  async keep(name: string, work: LeaseWork, signal: AbortSignal): Promise<void> {
    const { self, wall, log } = this.parts;
    let said = "";
    while (!signal.aborted) {
      const lease = await this.ask(name, signal);
      if (lease.holder.instance === self.instance) {
        said = "";
        await this.use(name, work, signal);
        continue;
      }
      const reason = standsBy(lease);
      if (reason !== said) {
        said = reason;
        log.warn("on standby", { lease: name, holder: lease.holder });
        work.waiting(reason);
      }
      await wall.sleep(Math.min(LOOK_MS, Math.max(50, lease.remainingMs)), signal).catch(() => undefined);
    }
  }

  /** Releases the lease so that the next instance need not wait. Call it after the work has ended. */
  async stop(): Promise<void> {
    const { store, self, log } = this.parts;
    for (const name of this.holding)
      await store
        .release(name, self.instance)
        .catch((cause: unknown) =>
          log.warn("could not release a lease; it will expire", { lease: name, cause: String(cause) }),
        );
    this.holding.clear();
  }

  /** The lease after asking for it; waits for a store that is away. */
  private async ask(name: string, signal: AbortSignal): Promise<HeldLease> {
    const { store, self, isDead, wall, log } = this.parts;
    for (let attempt = 0; ; attempt++) {
      try {
        const lease = await store.acquire(name, self, LENGTH_MS);
        const { holder } = lease;
        if (holder.instance === self.instance || !isDead(holder)) return lease;
        log.info("taking over from a process that has ended", { lease: name, holder });
        this.parts.tookOver?.(holder);
        return await store.acquire(name, self, LENGTH_MS, holder.instance);
      } catch (cause) {
        if (attempt === 0)
          log.warn("could not read who holds a lease; retrying", {
            lease: name,
            cause: String(cause),
          });
        await wall.sleep(LOOK_MS, signal);
      }
    }
  }

  private async use(name: string, work: LeaseWork, signal: AbortSignal): Promise<void> {
    const { store, self, wall, log } = this.parts;
    const lost = new AbortController();
    this.holding.add(name);
    let asking = false;
    let refused = false;
    const renew = async (): Promise<void> => {
      if (asking) return;
      asking = true;
      try {
        if (!(await store.renew(name, self.instance, LENGTH_MS)))
          lost.abort(new Error("another instance holds the lease"));
        refused = false;
      } catch (cause) {
        if (!refused) log.warn("could not renew a lease; work continues", { lease: name, cause: String(cause) });
        refused = true;
      } finally {
        asking = false;
      }
    };
    const stop = wall.every(RENEW_MS, () => {
      void renew();
    });
    const own = AbortSignal.any([signal, lost.signal]);
    try {
      await Promise.all([
        work.held(own).catch((cause: unknown) => {
          if (!own.aborted) throw cause;
        }),
        aborted(own),
      ]);
    } catch (cause) {
      await this.stop();
      throw cause;
    } finally {
      stop();
    }
    if (!lost.signal.aborted) return;
    this.holding.delete(name);
    log.error("lost a lease; its work has stopped", { lease: name });
  }
}

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });

const standsBy = ({ holder }: HeldLease): string =>
  `on standby: process ${holder.pid} on ${holder.host} uses this login; takes over when that process ends`;
