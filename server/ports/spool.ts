/** Where records wait on disk while the store is away, in their order. They survive the process. */
export interface Spool<T> {
  readonly records: number;
  readonly bytes: number;
  /** Resolves when the record would survive a crash of the process and of the system. Rejects with `spool_full` at the size limit. */
  append(record: T): Promise<void>;
  /** The oldest record that can be read, or null. It stays until `shift`. What cannot be read is set aside on the way. */
  first(): Promise<T | null>;
  /** The oldest has been stored. After a crash some may come again: what reads them must not mind. */
  shift(): Promise<void>;
  close(): Promise<void>;
}

/** Part of a spool that could not be read. It is in `file` as it was, and nowhere else. */
export interface SetAside {
  file: string;
  bytes: number;
  reason: string;
}
