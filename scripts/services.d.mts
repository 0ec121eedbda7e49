/** A loopback port nobody listens on at this moment. */
export function freePort(): Promise<number>;

export interface DatabaseServer {
  url: string;
  title: string;
  /** Ends the server, its files stay: SIGINT in order, SIGQUIT as a crash. */
  halt(signal?: NodeJS.Signals): Promise<void>;
  /** Starts it again on the same port and files. */
  resume(): Promise<void>;
  /** Ends it and throws its files away. */
  stop(): Promise<void>;
}

/** Whether this machine has a PostgreSQL that can be started here. */
export function hasPostgres(): boolean;

/** Whether `startDatabase` finds a server to start: that PostgreSQL, or a TimescaleDB of ours. */
export function hasDatabase(): boolean;

/** A database server of one test; `more`: settings of postgresql.conf beside ours. Rejects with a StepError. */
export function startDatabase(more?: Record<string, string | number>): Promise<DatabaseServer>;
