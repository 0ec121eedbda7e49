import type { Clock } from "@/server/ports/clock";

export interface HealthEvent {
  time: number;
  level: "info" | "warn" | "error";
  source: string;
  message: string;
}

/** What happened lately, for the status page: newest first, at most 200. */
export class EventLog {
  readonly events: HealthEvent[] = [];
  constructor(private readonly clock: Clock) {}
  add(level: HealthEvent["level"], source: string, message: string): void {
    this.events.unshift({ time: this.clock.now(), level, source, message });
    this.events.length = Math.min(this.events.length, 200);
  }
}
