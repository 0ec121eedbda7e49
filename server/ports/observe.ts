import type { RejectReason } from "@/server/domain/ticks/tick";

export interface Log {
  info(message: string, fields?: Record<string, unknown>): void;
  warn(message: string, fields?: Record<string, unknown>): void;
  error(message: string, fields?: Record<string, unknown>): void;
  /** A log whose lines carry these fields. */
  with(fields: Record<string, unknown>): Log;
}

/** Counters and histograms by name; what /status and /metrics show. */
export interface Meter {
  count(name: string, by?: number): void;
  reject(reason: RejectReason, by?: number): void;
  /** A measured duration or size. */
  record(name: string, value: number): void;
  gauge(name: string, value: number): void;
}
