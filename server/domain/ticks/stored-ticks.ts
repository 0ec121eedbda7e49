/** Ticks of one instrument in columns, in the order in which they arrived. */
export interface StoredTicks {
  length: number;
  /** Bucketing time and time of receipt, epoch ms. */
  time: Float64Array;
  received: Float64Array;
  /** Minor units. */
  price: Float64Array;
  /** Volume of the day so far and open interest as sent; -1 none. */
  volume: Float64Array;
  openInterest: Float64Array;
  /** See `TRADE`, `AUCTION`, `EXCHANGE_CLOCK`, `JOINED`, `IN_TIME`, `SUSPECT`, `UNBELIEVED`, `RESET` in tick.ts. */
  flags: Uint8Array;
  /** Our count of accepted rows: unique, grows with arrival. */
  sequence: Float64Array;
}

export const storedTicks = (capacity: number): StoredTicks => ({
  length: 0,
  time: new Float64Array(capacity),
  received: new Float64Array(capacity),
  price: new Float64Array(capacity),
  volume: new Float64Array(capacity),
  openInterest: new Float64Array(capacity),
  flags: new Uint8Array(capacity),
  sequence: new Float64Array(capacity),
});

/** The rows there are, without the room behind them; memory is shared. */
export const cutTicks = ({ length, ...columns }: StoredTicks): StoredTicks => ({
  length,
  ...(Object.fromEntries(
    Object.entries(columns).map(([name, column]) => [name, column.subarray(0, length)]),
  ) as unknown as Omit<StoredTicks, "length">),
});

/** Row `row` of `from` to row `at` of `to`. */
export const copyTick = (from: StoredTicks, row: number, to: StoredTicks, at: number): void => {
  to.time[at] = from.time[row]!;
  to.received[at] = from.received[row]!;
  to.price[at] = from.price[row]!;
  to.volume[at] = from.volume[row]!;
  to.openInterest[at] = from.openInterest[row]!;
  to.flags[at] = from.flags[row]!;
  to.sequence[at] = from.sequence[row]!;
};

/** Rows in sequence order without duplicates. Usually this only checks, because they arrive that way. */
export const arrange = (ticks: StoredTicks): StoredTicks => {
  const { sequence, length } = ticks;
  let row = 1;
  while (row < length && sequence[row]! > sequence[row - 1]!) row++;
  if (row >= length) return ticks;
  const order = Uint32Array.from({ length }, (_, each) => each).sort((a, b) => sequence[a]! - sequence[b]!);
  return pick(
    ticks,
    order.filter((each, at) => at === 0 || sequence[each] !== sequence[order[at - 1]!]),
  );
};

/** The rows a test passes, in their order. */
export const filterTicks = (ticks: StoredTicks, keep: (row: number) => boolean): StoredTicks => {
  const rows = new Uint32Array(ticks.length);
  let kept = 0;
  for (let row = 0; row < ticks.length; row++) if (keep(row)) rows[kept++] = row;
  return kept === ticks.length ? ticks : pick(ticks, rows.subarray(0, kept));
};

const pick = (ticks: StoredTicks, rows: Uint32Array): StoredTicks => {
  const picked = storedTicks(rows.length);
  for (const row of rows) copyTick(ticks, row, picked, picked.length++);
  return picked;
};
