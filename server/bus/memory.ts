import type { Bus, Topic, Topics } from "@/server/ports/bus";

/**
 * The bus within one process: a reader runs inside `publish`, in the order of subscription, so a batch has gone
 * through every stage when `publish` returns and its columns may be reused.
 */
export const memoryBus = (): Bus => {
  const readers = new Map<Topic, ((message: never) => void)[]>();
  return {
    publish(topic, message) {
      const list = readers.get(topic);
      if (list !== undefined) for (const read of list) (read as (message: Topics[typeof topic]) => void)(message);
    },
    subscribe(topic, read) {
      readers.set(topic, [...(readers.get(topic) ?? []), read as (message: never) => void]);
      return () =>
        readers.set(
          topic,
          (readers.get(topic) ?? []).filter((each) => each !== read),
        );
    },
  };
};
