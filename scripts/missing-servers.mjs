/** What a test lacks when its server's variable is not set, and how to get it. */
export const missingServers = {
  TEST_DATABASE_URL:
    "PostgreSQL is not installed: on Debian run `sudo apt install postgresql`, elsewhere use its installer, or set TEST_DATABASE_URL",
  TEST_REDIS_URL:
    "Redis is not installed: on Debian run `sudo apt install redis-server`, elsewhere use its installer, or set TEST_REDIS_URL",
};

/** One line for each server that could not be had; nothing when all are there. */
export const missingLines = (env) =>
  Object.entries(missingServers)
    .filter(([name]) => !env[name])
    .map(([, reason]) => `Some integration tests will be skipped: ${reason}.`);
