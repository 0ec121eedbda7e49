/** `1 instrument`, `1,204 instruments`: a count with its noun, as Indian readers group digits. */
export const counted = (count: number, noun: string): string =>
  `${count.toLocaleString("en-IN")} ${noun}${count === 1 ? "" : "s"}`;
