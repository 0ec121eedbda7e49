interface Mutant {
  readonly fileName: string;
  readonly status?: string | undefined;
  readonly replacement: string;
  readonly location: {
    readonly start: { readonly line: number; readonly column: number };
    readonly end: { readonly line: number; readonly column: number };
  };
}
interface Row {
  readonly planted: number;
  readonly dead: number;
  readonly unreached: number;
}
export const folders: readonly string[];
export function isSource(file: string): boolean;
export function sample(sizes: ReadonlyMap<string, number>, seed: number, lines: number): string[];
export function score(mutants: readonly Mutant[], nameOf: (file: string) => string): Map<string, Row>;
export function scoreLines(rows: ReadonlyMap<string, Row>): string[];
export function survivorLines(mutants: readonly Mutant[], sourceOf: (file: string) => readonly string[]): string[];
