// How long the parts of `npm test` take, how many files of them run at once, and which files go alone.

/**
 * The longest each suite may take, in seconds; one that takes longer fails. Either it has grown, and the growth is made good
 * or the figure is changed here, or the machine is far too busy. Each is about twice what the times of its files, one after
 * another on two quiet cores (`longFiles`), come to when they are spread over its workers.
 */
export const suiteBudgets = { typecheck: 120, lint: 180, unit: 300, integration: 1_800, alone: 120, e2e: 1_800 };

/** Test files that run at once. Integration tests mostly wait, so there are more of them than cores. */
export const workers = { unit: 2, integration: 4, browser: 1 };

/** Integration tests that measure time or work with a narrow limit. */
export const aloneFiles = ["server/latest/redis.int.test.ts", "server/store/leases.int.test.ts"];

/** Files that take long, with their seconds when they run alone on two quiet cores: they begin first. */
export const longFiles = [
  { file: "server/services/quality/gap-silence.clock.int.test.ts", seconds: 251 },
  { file: "server/services/quality/gaps.clock.int.test.ts", seconds: 246 },
  { file: "server/faults-away.int.test.ts", seconds: 181 },
  { file: "server/closes-once.clock.int.test.ts", seconds: 166 },
  { file: "server/lying-volumes.clock.int.test.ts", seconds: 156 },
  { file: "server/restart-servers.clock.int.test.ts", seconds: 141 },
  { file: "server/replay-clock.int.test.ts", seconds: 131 },
  { file: "server/restart.clock.int.test.ts", seconds: 124 },
  { file: "server/faults.int.test.ts", seconds: 110 },
  { file: "server/virtual-week.int.test.ts", seconds: 97 },
  { file: "server/cli/backfill.int.test.ts", seconds: 81 },
  { file: "server/services/collecting/logins.int.test.ts", seconds: 62 },
  { file: "server/faults-disk.int.test.ts", seconds: 53 },
  { file: "server/cli/verify.int.test.ts", seconds: 43 },
  { file: "server/services/collecting/broker-lists.int.test.ts", seconds: 29 },
  { file: "server/services/collecting/broker-line.int.test.ts", seconds: 28 },
  { file: "server/services/indicators/service.int.test.ts", seconds: 25 },
  { file: "server/services/market/exchange-calendar.int.test.ts", seconds: 25 },
  { file: "server/web/door.int.test.ts", seconds: 22 },
  { file: "server/services/quality/verify.int.test.ts", seconds: 21 },
  { file: "server/store/embedded.int.test.ts", seconds: 19 },
  { file: "server/latest/bar-streams.int.test.ts", seconds: 18 },
  { file: "server/services/history/jobs.int.test.ts", seconds: 15 },
  { file: "server/pipeline/sessions.property.test.ts", seconds: 12 },
  { file: "server/pipeline/indicate-undo.test.ts", seconds: 6 },
  { file: "server/indicators/properties.test.ts", seconds: 6 },
];
