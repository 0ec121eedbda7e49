/** A set of kept states: what ran at one time, as lines of text. */
export interface SnapshotSet {
  /** Epoch ms. */
  takenAt: number;
  /** Version of the line format; a reader of another version skips the line. */
  version: number;
  /** Instances in it, for people. */
  instances: number;
  /** In pieces of many lines, so that no single one is long to handle. */
  pieces: readonly string[];
}

export interface KeptSet {
  id: number;
  takenAt: number;
  version: number;
  instances: number;
}

export interface SnapshotStore {
  /** Keeps a set and the nine newest before it; resolves after commit. */
  save(set: SnapshotSet): Promise<void>;
  /** Sets there are, newest first. */
  list(): Promise<KeptSet[]>;
  /** Lines of a set, whole or not at all: throws when it was not kept as it was written. */
  lines(id: number): Promise<string[]>;
}
