/** What a test lacks when its server's variable is not set, and how to get it. */
export const missingServers = {
  TEST_DATABASE_URL:
    "there is no PostgreSQL here: on Debian `sudo apt install postgresql`, elsewhere its installer, or name a server of your own in TEST_DATABASE_URL",
  TEST_REDIS_URL:
    "there is no Redis here: on Debian `sudo apt install redis-server`, elsewhere its installer, or name a server of your own in TEST_REDIS_URL",
};

/** One line for each server that could not be had; nothing when all are there. */
export const missingLines = (env) =>
  Object.entries(missingServers)
    .filter(([name]) => !env[name])
    .map(([, reason]) => `Some integration tests will be skipped: ${reason}.`);
