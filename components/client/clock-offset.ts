/**
 * Server clock minus browser clock in ms, estimated as in NTP. The true offset lies within half a round trip of a
 * sample, whatever delayed it, such as a busy page or a slow connection. The sample with the smallest round trip is
 * used, and its error grows with its age so that a newer one can replace it.
 */
export interface ClockOffset {
  /** `sent` and `received` by the browser's clock, `serverTime` from the answer. Returns the offset from then on. */
  sample(sent: number, received: number, serverTime: number): number;
  value(): number;
  /** The offset is known to plus or minus half of this, ms; null before the first answer. */
  roundTrip(): number | null;
}

const KEPT = 16;
/** Maximum drift between two clocks, ms per ms: 50 ppm, twice that of a poor quartz. */
const DRIFT = 0.000_05;
/** Clocks have steps of their own of about this much. */
const SLACK_MS = 1;

interface Answer {
  offset: number;
  roundTrip: number;
  at: number;
}

export const clockOffset = (): ClockOffset => {
  let answers: Answer[] = [];
  let best: Answer | null = null;
  const doubt = (answer: Answer, now: number): number => answer.roundTrip / 2 + Math.max(0, now - answer.at) * DRIFT;
  return {
    sample(sent, received, serverTime) {
      const next: Answer = {
        offset: serverTime - (sent + received) / 2,
        roundTrip: Math.max(0, received - sent),
        at: received,
      };
      // Two answers that exclude one another: a clock was set in between, and the older one is of the time before.
      answers = answers.filter(
        (held) => Math.abs(held.offset - next.offset) <= doubt(held, received) + doubt(next, received) + SLACK_MS,
      );
      answers = [...answers, next].slice(-KEPT);
      best = answers.reduce((found, held) => (doubt(held, received) < doubt(found, received) ? held : found));
      return best.offset;
    },
    value: () => best?.offset ?? 0,
    roundTrip: () => best?.roundTrip ?? null,
  };
};
