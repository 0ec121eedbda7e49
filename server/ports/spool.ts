/** Where records wait on disk while the store is away, in their order. They survive the process. */
export interface Spool<T> {
  readonly records: number;
  readonly bytes: number;
  /** Resolves when the record would survive a crash of the process and of the system. Rejects with `spool_full` at the size limit. */
  append(record: T): Promise<void>;
  /** The oldest readable record, or null. It stays until `shift`. Unreadable ones are set aside. */
  first(): Promise<T | null>;
  /** The oldest record has been stored. After a crash some records may come again, and the reader must accept that. */
  shift(): Promise<void>;
  close(): Promise<void>;
}

/** A part of a spool that was unreadable. It is now only in `file`, unchanged. */
export interface SetAside {
  file: string;
  bytes: number;
  reason: string;
}
