/** What clients did, for tests of limits and batching. Holds no token. */
export interface TranscriptEntry {
  /** Machine time, epoch ms. */
  at: number;
  kind: "connected" | "refused" | "message" | "closed" | "request";
  /** Number of the socket; 0 for REST. */
  connection: number;
  text: string;
}

export interface Transcript {
  add(kind: TranscriptEntry["kind"], connection: number, text: string): void;
  entries(): readonly TranscriptEntry[];
  reset(): void;
}

const KEPT = 10_000;
const KEPT_TEXT = 4_000;

export const transcript = (real: () => number): Transcript => {
  let kept: TranscriptEntry[] = [];
  return {
    add(kind, connection, text) {
      kept.push({ at: real(), kind, connection, text: text.slice(0, KEPT_TEXT) });
      if (kept.length > 2 * KEPT) kept = kept.slice(-KEPT);
    },
    entries: () => kept.slice(-KEPT),
    reset() {
      kept = [];
    },
  };
};
