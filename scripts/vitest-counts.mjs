import { existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { missingServers } from "./missing-servers.mjs";

// A suite that skips itself says no reason to vitest; what its file looks for, and does not find, is the reason.
function reasonFor(file) {
  const source = readFileSync(file, "utf8");
  if (source.includes("shared/fixtures") && !existsSync(path.resolve("../shared/fixtures")))
    return "the recorded fixtures are not next to the project";
  for (const [name, reason] of Object.entries(missingServers)) {
    if (source.includes(name) && !process.env[name]) return reason;
  }
  return "its own condition";
}

/** A vitest reporter that writes { passed, failed, failures: [{ where, why }], skipped: [{ where, reason, count }], times: [{ where, ms }] } to the file named by COUNTS_FILE. */
export default class Counts {
  onTestRunEnd(modules, unhandledErrors) {
    const counts = {
      passed: 0,
      failed: unhandledErrors.length,
      failures: unhandledErrors.map(({ message }) => ({ where: "an unhandled error", why: message })),
      skipped: [],
      times: [],
    };
    for (const file of modules) {
      const where = path.relative(process.cwd(), file.moduleId);
      const tests = [...file.children.allTests()];
      let failures = 0;
      for (const test of tests) {
        const { state, note, errors } = test.result();
        const ms = test.diagnostic()?.duration ?? 0;
        if (ms > 0) counts.times.push({ where: `${where}: ${test.fullName}`, ms });
        if (state === "passed") counts.passed += 1;
        else if (state === "failed") {
          failures += 1;
          counts.failures.push({
            where: `${where}: ${test.fullName}`,
            why: [errors[0]?.message, errors[0]?.diff].filter(Boolean).join("\n"),
          });
        } else counts.skipped.push({ where, reason: note ?? reasonFor(file.moduleId), count: 1 });
      }
      // A file that cannot be loaded, or whose set-up fails, has no failed test to count.
      if (failures === 0 && !file.ok()) {
        failures = 1;
        counts.failures.push({ where, why: file.errors()[0]?.message ?? "its set-up failed" });
      }
      counts.failed += failures;
    }
    writeFileSync(process.env.COUNTS_FILE, JSON.stringify(counts));
  }
}
