/** Where records wait on disk while the store is away, in their order. They survive the process. */
export interface Spool<T> {
  readonly records: number;
  readonly bytes: number;
  /** Resolves when the record would survive a crash of the process and of the system. Rejects with `spool_full` at the size limit. */
  append(record: T): Promise<void>;
  /** The oldest record, or null. It stays until `shift`. */
  first(): Promise<T | null>;
  /** The oldest has been stored. After a crash some may come again: what reads them must not mind. */
  shift(): Promise<void>;
  close(): Promise<void>;
}
