import { describe, expect, it } from "vitest";
import { dayOfDate } from "@/server/domain/time/session";
import type { BarDifference, JobDay, JobRow } from "@/server/ports/jobs";
import type { Store } from "@/server/ports/stores";

const ordered: Omit<JobRow, "id"> = {
  kind: "backfill",
  title: "Backfill NIFTY50",
  request: { timeframe: "1m", instruments: [1, 2] },
  state: "queued",
  reason: "",
  total: 40,
  skipped: 2,
  createdAt: 1_767_225_600_123,
  finishedAt: null,
  beatAt: 1_767_225_600_123,
};
const day = (jobId: number, instrumentId: number, date: string, more: Partial<JobDay> = {}): JobDay => ({
  jobId,
  instrumentId,
  timeframe: "1m",
  day: dayOfDate(date),
  bars: 375,
  added: 370,
  unchanged: 2,
  kept: 0,
  corrected: 2,
  flagged: 1,
  failure: null,
  ...more,
});

/** What every store promises of jobs. */
export const jobSuite = (store: () => Store): void => {
  describe("jobs", () => {
    it("are kept as they were ordered, listed newest first, changed and forgotten", async () => {
      const { jobs } = store();
      const first = await jobs.create(ordered);
      const second = await jobs.create({ ...ordered, title: "Another" });
      expect(first).toEqual({ ...ordered, id: first.id });
      expect((await jobs.list(2)).map(({ id }) => id)).toEqual([second.id, first.id]);
      await jobs.update(first.id, { state: "failed", reason: "2 days failed", finishedAt: 1_767_225_700_000 });
      expect(await jobs.get(first.id)).toEqual({
        ...first,
        state: "failed",
        reason: "2 days failed",
        finishedAt: 1_767_225_700_000,
      });
      await jobs.update(first.id, { state: "running", finishedAt: null, beatAt: 1_767_225_800_000, total: 41 });
      expect(await jobs.get(first.id)).toMatchObject({
        state: "running",
        reason: "2 days failed",
        finishedAt: null,
        beatAt: 1_767_225_800_000,
        total: 41,
      });
      await jobs.saveDays([day(first.id, 1, "2026-01-05")]);
      await jobs.remove(first.id);
      expect([await jobs.get(first.id), await jobs.days(first.id)]).toEqual([null, []]);
      await expect(jobs.update(first.id, { state: "done" }), "gone stays gone").resolves.toBeUndefined();
      expect(await jobs.get(first.id)).toBeNull();
    });

    it("know the days they have done, also when a day is done again, and add them up", async () => {
      const { jobs } = store();
      const { id } = await jobs.create(ordered);
      const failed = day(id, 1, "2026-01-06", {
        bars: 0,
        added: 0,
        unchanged: 0,
        corrected: 0,
        flagged: 0,
        failure: "Kite is not available",
      });
      await jobs.saveDays([day(id, 2, "2026-01-05"), failed, day(id, 1, "2026-01-05")]);
      expect(await jobs.days(id)).toEqual([day(id, 1, "2026-01-05"), failed, day(id, 2, "2026-01-05")]);
      expect(await jobs.sums(id)).toEqual({
        days: 3,
        failed: 1,
        bars: 750,
        added: 740,
        unchanged: 4,
        kept: 0,
        corrected: 4,
        flagged: 2,
      });
      await jobs.saveDays([day(id, 1, "2026-01-06")]);
      expect(await jobs.sums(id)).toMatchObject({ days: 3, failed: 0, bars: 1_125 });
      expect(await jobs.sums(0), "of no days").toEqual({
        days: 0,
        failed: 0,
        bars: 0,
        added: 0,
        unchanged: 0,
        kept: 0,
        corrected: 0,
        flagged: 0,
      });
    });

    it("keep what was stored beside what history said", async () => {
      const { jobs } = store();
      const { id } = await jobs.create(ordered);
      const difference: BarDifference = {
        jobId: id,
        instrumentId: 1,
        timeframe: "1m",
        time: 1_767_225_600_000,
        verdict: "corrected",
        rule: "history saw more of it",
        stored: [100_00, 105_00, 99_00, 104_00, 4_000_000_007],
        history: [100_00, 105_05, 99_00, 104_00, 4_000_000_107],
      };
      const absent: BarDifference = {
        ...difference,
        time: 1_767_225_660_000,
        verdict: "flagged",
        rule: "history has no such bar",
        history: null,
      };
      await jobs.saveDifferences([absent, difference]);
      await jobs.saveDifferences([{ ...absent, rule: "said again" }]);
      expect(await jobs.differences(id, { limit: 10, offset: 0 })).toEqual([
        difference,
        { ...absent, rule: "said again" },
      ]);
      expect(await jobs.differences(id, { limit: 1, offset: 1 })).toEqual([{ ...absent, rule: "said again" }]);
    });
  });
};
