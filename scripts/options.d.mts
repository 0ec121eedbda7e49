export interface Setting {
  readonly option?: string;
  readonly env: string;
  readonly value: string;
  readonly standard: string;
  readonly means: string;
}

/** Everything a person can set. */
export const settings: readonly Setting[];
/** The text of `npm start -- --help`. */
export function help(): string;
/** The first argument that is no option of ours, or null. */
export function unknownOption(args: readonly string[]): string | null;
