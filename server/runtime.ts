import type { Container } from "./container";

/** How Next's bundled copy of our code reaches the running server: types only, the object itself lies on `globalThis`. */
const key = Symbol.for("candela.container");
const shelf = globalThis as { [key]?: Container };

export const publish = (container: Container): void => {
  shelf[key] = container;
};

export const container = (): Container => {
  const found = shelf[key];
  if (found === undefined) throw new Error("No container: start through server/main.ts, not `next dev`");
  return found;
};
