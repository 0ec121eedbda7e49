import type { Topic, Topics } from "@/server/ports/bus";

/**
 * A core thinks and does nothing else: no await, no clock, no log, no store. It is given messages and times and emits
 * messages. `at` is called when time passes and no message comes (a silent second still closes its bar).
 */
export interface Core<In, Out> {
  on(message: In, emit: (message: Out) => void): void;
  at?(now: number, emit: (message: Out) => void): void;
}

export type Role = "ingest" | "aggregate" | "indicate" | "store" | "web";

/** One row of the pipeline table. */
export type Stage = {
  name: string;
  role: Role;
  from: Topic | null;
  to: Topic | null;
  /** Joins the stage to the bus; the returned function parts it. */
  join(port: StagePort): () => void;
};

/** What a stage is given to connect itself. */
export interface StagePort {
  publish<T extends Topic>(topic: T, message: Topics[T]): void;
  subscribe<T extends Topic>(topic: T, read: (message: Topics[T]) => void): () => void;
  /** Runs `at` of cores; `every` ms. */
  every(intervalMs: number, run: (now: number) => void): () => void;
  /** Timing of one stage's work on one message, in ms, for /status. */
  timed(stage: string, rows: number, run: () => void): void;
}

export interface Source<Out> {
  /** Begins to emit; resolves when it works. */
  open(emit: (message: Out) => void): void;
  close(): void;
}
export interface Sink<In> {
  on(message: In): void;
}

/** A heartbeat, or a word about the line, carries no row. */
const rowsOf = (message: unknown): number => (message as { length?: number }).length ?? 0;

/** A stage that turns one topic into another. A pipe joined wrongly does not compile. */
export const step = <From extends Topic, To extends Topic>(
  name: string,
  role: Role,
  from: From,
  core: Core<Topics[From], Topics[To]>,
  to: To,
): Stage => ({
  name,
  role,
  from,
  to,
  join(port) {
    const emit = (message: Topics[To]): void => port.publish(to, message);
    const leave = port.subscribe(from, (message) => port.timed(name, rowsOf(message), () => core.on(message, emit)));
    const stop = core.at === undefined ? undefined : port.every(50, (now) => core.at!(now, emit));
    return () => {
      stop?.();
      leave();
    };
  },
});

/** Where messages enter. */
export const source = <To extends Topic>(name: string, role: Role, from: Source<Topics[To]>, to: To): Stage => ({
  name,
  role,
  from: null,
  to,
  join(port) {
    from.open((message) => port.timed(name, rowsOf(message), () => port.publish(to, message)));
    return () => from.close();
  },
});

/** Where messages leave: `topics` lists what the sink reads. */
export const sink = <From extends Topic>(name: string, role: Role, from: From, to: Sink<Topics[From]>): Stage => ({
  name,
  role,
  from,
  to: null,
  join: (port) => port.subscribe(from, (message) => port.timed(name, rowsOf(message), () => to.on(message))),
});
