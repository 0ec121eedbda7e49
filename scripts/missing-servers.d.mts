export const missingServers: Readonly<Record<"TEST_DATABASE_URL" | "TEST_REDIS_URL", string>>;
export function missingLines(env: Readonly<Record<string, string | undefined>>): string[];
