import type { Topic, Topics } from "@/server/ports/bus";

/**
 * A core only computes: no await, clock, log or store. It receives messages and times and emits messages. `at` is
 * called when time passes without a message, so a silent second still closes its bar.
 */
export interface Core<In, Out> {
  on(message: In, emit: (message: Out) => void): void;
  at?(now: number, emit: (message: Out) => void): void;
}

/** Stages by name; one that reads several topics has a row for each. */
export type StageName =
  | "collect"
  | "normalise"
  | "auction"
  | "aggregate"
  | "resample"
  | "print"
  | "indicate"
  | "derive"
  | "record"
  | "persist"
  | "publish"
  | "broadcast";

/** One row of the pipeline table. */
export type Stage = {
  name: StageName;
  from: Topic | null;
  to: Topic | null;
  /** Stages whose state it looks into beside the messages it gets. */
  reads: readonly StageName[];
  /** Joins the stage to the bus; the returned function parts it. */
  join(port: StagePort): () => void;
};

/** What a stage receives to connect itself. */
export interface StagePort {
  publish<T extends Topic>(topic: T, message: Topics[T]): void;
  subscribe<T extends Topic>(topic: T, read: (message: Topics[T]) => void): () => void;
  /** Runs `at` of a core in each turn of the pipeline's timer, in the order of the table. */
  eachTurn(run: (now: number) => void): () => void;
  /** Timing of one stage's work on one message, in ms, for /status. */
  timed(stage: StageName, rows: number, run: () => void): void;
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
  name: StageName,
  from: From,
  core: Core<Topics[From], Topics[To]>,
  to: To,
  reads: readonly StageName[] = [],
): Stage => ({
  name,
  reads,
  from,
  to,
  join(port) {
    const emit = (message: Topics[To]): void => port.publish(to, message);
    const leave = port.subscribe(from, (message) => port.timed(name, rowsOf(message), () => core.on(message, emit)));
    const stop = core.at === undefined ? undefined : port.eachTurn((now) => core.at!(now, emit));
    return () => {
      stop?.();
      leave();
    };
  },
});

/** Where messages enter. */
export const source = <To extends Topic>(name: StageName, from: Source<Topics[To]>, to: To): Stage => ({
  name,
  reads: [],
  from: null,
  to,
  join(port) {
    from.open((message) => port.timed(name, rowsOf(message), () => port.publish(to, message)));
    return () => from.close();
  },
});

/** Where messages leave. */
export const sink = <From extends Topic>(
  name: StageName,
  from: From,
  to: Sink<Topics[From]>,
  reads: readonly StageName[] = [],
): Stage => ({
  name,
  reads,
  from,
  to: null,
  join: (port) => port.subscribe(from, (message) => port.timed(name, rowsOf(message), () => to.on(message))),
});
