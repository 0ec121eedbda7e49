export const suiteTimes: Readonly<Record<string, { readonly quiet: number; readonly budget: number }>>;
export const workers: { readonly unit: number; readonly integration: number; readonly browser: number };
export const aloneFiles: readonly string[];
export const longFiles: readonly { readonly file: string; readonly seconds: number }[];
