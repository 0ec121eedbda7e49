export interface Skipped {
  readonly where: string;
  readonly reason: string;
  readonly count: number;
}

export interface Failure {
  readonly where: string;
  readonly why: string;
}

export interface Took {
  readonly where: string;
  readonly ms: number;
}

/** What a step of the tests came to. */
export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly failures: readonly Failure[];
  readonly skipped: readonly Skipped[];
  readonly times: readonly Took[];
}

export function counts(of?: Partial<Counts>): Counts;
export function vitestCounts(file: string, code: number): Counts;
export function playwrightCounts(file: string, code: number): Counts;
export function listedTests(json: string): number;
export function failureLines(failures: readonly Failure[]): string[];
export function skipLines(skipped: readonly Skipped[]): string[];
export function slowestLines(times: readonly Took[]): string[];
export function withinBudget(result: Counts, name: string, seconds: number, budget: number | undefined): Counts;
export function total(results: readonly Counts[]): Counts;
export function closing(sum: Counts): string;
