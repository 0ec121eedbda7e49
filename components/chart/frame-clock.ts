/** One animation frame for everything of a chart that changed, and none when nothing did. */
export interface FrameClock {
  /** Runs the task in the next frame, once however often it is asked for; the answer calls it off. */
  request(task: () => void): () => void;
  stop(): void;
}

/**
 * `prime` makes the library schedule its painting after our tasks in the same frame; otherwise our updates would wait
 * for the next frame. `painted` runs after that painting, with the time at which its frame began.
 */
export const frameClock = (prime: () => void, painted: (drawing: number) => void, now: () => number): FrameClock => {
  const tasks = new Set<() => void>();
  let first = 0;
  let after = 0;
  let drawing = 0;
  const run = (): void => {
    first = 0;
    drawing = now();
    const due = [...tasks];
    tasks.clear();
    for (const task of due) task();
  };
  return {
    request(task) {
      tasks.add(task);
      if (first === 0) {
        first = requestAnimationFrame(run);
        prime();
        after = requestAnimationFrame(() => painted(drawing));
      }
      return () => {
        tasks.delete(task);
      };
    },
    stop() {
      cancelAnimationFrame(first);
      cancelAnimationFrame(after);
      first = 0;
      tasks.clear();
    },
  };
};
