/**
 * Bars as the browser and other programs get them in one binary piece: columns, little-endian.
 *
 *   offset  type      field
 *   0       uint32    magic 0x43424152 ("CBAR")
 *   4       uint32    version, 1
 *   8       uint32    rows n
 *   12      uint32    flags: bit 0 = prices are float64 (else int32)
 *   16      float64 n volume
 *   …       float64 n or int32 n: open, high, low, close, in minor units
 *   …       uint32  n time, epoch SECONDS of the bar's start (every bar starts on a whole second)
 *   …       uint32  n ticks
 *   …       uint8   n state (index into `barStates`), bit 7 = incomplete
 */
import { type BarColumns, barColumns } from "@/server/domain/bars/bar";
import type { IndicatorHead, IndicatorSeries, PackedSeries } from "./live";

const MAGIC = 0x43424152;
const HEADER = 16;

/** Packs bars; `from` and `to` cut rows. */
export const packBars = (bars: BarColumns, from = 0, to = bars.length): ArrayBuffer => {
  const rows = Math.max(0, to - from);
  let wide = false;
  for (let row = from; row < to && !wide; row++) wide = bars.high[row]! > 0x7fffffff || bars.low[row]! < -0x80000000;
  const size = HEADER + rows * (8 + (wide ? 32 : 16) + 4 + 4 + 1);
  const buffer = new ArrayBuffer(size);
  const header = new DataView(buffer);
  header.setUint32(0, MAGIC, true);
  header.setUint32(4, 1, true);
  header.setUint32(8, rows, true);
  header.setUint32(12, wide ? 1 : 0, true);
  let at = HEADER;
  new Float64Array(buffer, at, rows).set(bars.volume.subarray(from, to));
  at += rows * 8;
  for (const column of [bars.open, bars.high, bars.low, bars.close]) {
    if (wide) new Float64Array(buffer, at, rows).set(column.subarray(from, to));
    else new Int32Array(buffer, at, rows).set(column.subarray(from, to));
    at += rows * (wide ? 8 : 4);
  }
  const time = new Uint32Array(buffer, at, rows);
  for (let row = 0; row < rows; row++) time[row] = bars.time[from + row]! / 1_000;
  at += rows * 4;
  new Uint32Array(buffer, at, rows).set(bars.ticks.subarray(from, to));
  at += rows * 4;
  const state = new Uint8Array(buffer, at, rows);
  for (let row = 0; row < rows; row++) state[row] = bars.state[from + row]! | (bars.incomplete[from + row]! << 7);
  return buffer;
};

/** The reverse; columns the wire does not carry (value, open interest, rev) are 0, -1 and 0. Throws on foreign bytes. */
export const unpackBars = (bytes: ArrayBuffer | ArrayBufferView): BarColumns => {
  // A view into a larger buffer need not be aligned: typed arrays want their own copy then.
  const buffer =
    bytes instanceof ArrayBuffer
      ? bytes
      : (bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer);
  const header = new DataView(buffer);
  if (buffer.byteLength < HEADER || header.getUint32(0, true) !== MAGIC || header.getUint32(4, true) !== 1)
    throw new RangeError("not packed bars version 1");
  const rows = header.getUint32(8, true);
  const wide = (header.getUint32(12, true) & 1) === 1;
  const bars = barColumns(rows);
  bars.length = rows;
  let at = HEADER;
  bars.volume.set(new Float64Array(buffer, at, rows));
  at += rows * 8;
  for (const column of [bars.open, bars.high, bars.low, bars.close]) {
    column.set(wide ? new Float64Array(buffer, at, rows) : new Int32Array(buffer, at, rows));
    at += rows * (wide ? 8 : 4);
  }
  const time = new Uint32Array(buffer, at, rows);
  for (let row = 0; row < rows; row++) bars.time[row] = time[row]! * 1_000;
  at += rows * 4;
  bars.ticks.set(new Uint32Array(buffer, at, rows));
  at += rows * 4;
  const state = new Uint8Array(buffer, at, rows);
  for (let row = 0; row < rows; row++) {
    bars.state[row] = state[row]! & 0x7f;
    bars.incomplete[row] = state[row]! >> 7;
    bars.openInterest[row] = -1;
  }
  return bars;
};

/** Indicators with their values as one buffer; every plot has the same number of rows. */
export const packSeries = (series: readonly IndicatorSeries[]): PackedSeries => {
  const plots = series.flatMap((each) => each.values);
  const values = new Float64Array(plots.reduce((sum, plot) => sum + plot.byteLength / 8, 0));
  let at = 0;
  for (const plot of plots) {
    values.set(new Float64Array(plot), at);
    at += plot.byteLength / 8;
  }
  return { indicators: series.map(({ values: _, ...head }) => head), values: values.buffer };
};

/** The reverse. */
export const unpackSeries = (
  indicators: readonly IndicatorHead[],
  values: ArrayBuffer | ArrayBufferView,
): IndicatorSeries[] => {
  const bytes =
    values instanceof ArrayBuffer
      ? values
      : (values.buffer.slice(values.byteOffset, values.byteOffset + values.byteLength) as ArrayBuffer);
  const plots = indicators.reduce((sum, each) => sum + each.plots.length, 0);
  const size = plots === 0 ? 0 : bytes.byteLength / plots;
  let at = 0;
  return indicators.map((head) => ({ ...head, values: head.plots.map(() => bytes.slice(at, (at += size))) }));
};
