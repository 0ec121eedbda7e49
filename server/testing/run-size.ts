/** How much a run of the tests does, and from which random numbers. `npm test` sets both variables and prints them. */
const environment = process.env;

/** True under `npm test -- --deep`: the long random suites run all of their rounds. */
const isDeep = environment["TEST_DEEP"] === "1";

/** The seed of every random choice that no variable or test sets by itself. */
export const testSeed = Number(environment["TEST_SEED"] ?? 1);

/** Rounds of a long random suite: `usual` on every run, `deep` with --deep. */
export const rounds = (usual: number, deep: number): number => (isDeep ? deep : usual);

/** Random numbers of a seed, so that a run can be had again. */
export const seeded = (seed: number): (() => number) => {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
};
