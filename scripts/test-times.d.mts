export const suiteBudgets: Readonly<Record<"typecheck" | "lint" | "unit" | "integration" | "alone" | "e2e", number>>;
export const workers: { readonly unit: number; readonly integration: number; readonly browser: number };
export const aloneFiles: readonly string[];
export const longFiles: readonly { readonly file: string; readonly seconds: number }[];
