import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { indicators, resolveIndicator, SNAPSHOT_FORMAT } from "@/server/indicators";
import { STRIDE } from "@/server/indicators/compute";
import { walkBars } from "@/server/testing/indicator-bars";
import { IndicatorRig } from "@/server/testing/indicator-rig";

/**
 * What states of indicators hold after the same bars, and how a kept set is written, by format. Where this test fails, a
 * state or a set has another shape or another meaning: raise `SNAPSHOT_FORMAT` and add an entry. No entry is ever changed, but a new indicator joins the newest.
 */
const recorded: Record<number, { states: Record<string, string>; set: string }> = {
  3: {
    states: {
      ADX: "8e918e925f77",
      ATR: "13660d6443fd",
      AVWAP: "9bed74761689",
      BB: "0d4f87d91f54",
      CCI: "0cddbc273d43",
      CPR: "b695649f1ef6",
      DC: "9749039c04a0",
      EMA: "a5f7e167d592",
      ICHIMOKU: "29a9c1ea055a",
      KC: "f1fdae64e266",
      MACD: "82ccc1515a1b",
      MFI: "5f572780f8d1",
      OBV: "be2ad2141198",
      OICHG: "22b2e6f8197d",
      OR: "13615954239c",
      PDL: "b695649f1ef6",
      PSAR: "0d7121d142fa",
      ROC: "4f01e1961c64",
      RSI: "caaa23d44595",
      RVOL: "3653aface5cf",
      SMA: "f23b4c5fb359",
      STOCH: "79497c89ae22",
      SUPERTREND: "166b62101573",
      VOLMA: "3653aface5cf",
      VWAP: "e2125acdc7c8",
      WILLR: "6d711b3037a1",
      WMA: "97a0d83e06d9",
    },
    set: "ee9dbc7bfab4",
  },
};

const hashOf = (value: unknown): string =>
  createHash("sha256").update(JSON.stringify(value)).digest("hex").slice(0, 12);

/** The last digits of a figure may differ from machine to machine. */
const rounded = (_: string, value: unknown): unknown =>
  typeof value === "number" ? Number(value.toPrecision(6)) : value;

const bars = walkBars(160, 7);
const states = (): Record<string, string> =>
  Object.fromEntries(
    indicators.map(({ id }) => {
      const { definition, params } = resolveIndicator({
        id,
        params: id === "AVWAP" ? { anchor: "2026-11-09T09:15" } : {},
      });
      const indicator = definition.create(params);
      const out = new Float64Array(STRIDE);
      for (const bar of bars) indicator.next(bar, out, 0);
      return [id, hashOf(JSON.parse(JSON.stringify(indicator.snapshot(), rounded)))];
    }),
  );

/** The places of a set's lines, each by its name or type: the states are looked at above. */
const setOf = async (): Promise<unknown> => {
  const rig = new IndicatorRig({ configs: "EMA:20" });
  rig.put(0, "1m", bars.slice(0, 100));
  rig.now = bars[100]!.time;
  await rig.service.start();
  await rig.pass(10);
  for (const bar of bars.slice(100, 140)) rig.close(0, "1m", bar);
  await rig.pass(30_000);
  const [head, line] = rig.snapshots.sets[0]!.pieces.join("\n").split("\n");
  const { version, definitions, ...more } = JSON.parse(head!) as Record<string, unknown>;
  expect(version).toBe(SNAPSHOT_FORMAT);
  const places = (JSON.parse(line!) as unknown[]).map((place) => typeof place);
  const [instrument, timeframe, indicator, parameters] = JSON.parse(line!) as unknown[];
  return { more, definitions: typeof definitions, places, line: [instrument, timeframe, indicator, parameters] };
};

describe("the format of indicator states", () => {
  it("is raised with every change of what they hold", async () => {
    expect({ states: states(), set: hashOf(await setOf()) }).toEqual(recorded[SNAPSHOT_FORMAT]);
  });

  it("is new with every line recorded", () => {
    const lines = Object.values(recorded).map((line) => JSON.stringify(line));
    expect(new Set(lines).size).toBe(lines.length);
    expect(Math.max(...Object.keys(recorded).map(Number))).toBe(SNAPSHOT_FORMAT);
  });
});
