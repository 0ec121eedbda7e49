// Which files get planted faults, and what the result says. No file is read or written here.

/** The folders whose faults must die. */
export const folders = ["server/domain", "server/pipeline", "server/web", "server/contract"];

/** Lists of names and dates: a test of them would be a second copy. */
const tables = [
  "server/domain/calendar/holiday-lists.ts",
  "server/domain/instruments/closing-auction-stocks.ts",
  "server/domain/instruments/nifty50.ts",
  "server/domain/instruments/vendor-symbols.ts",
];

export const isSource = (file) => /\.tsx?$/.test(file) && !/\.test\.tsx?$/.test(file) && !tables.includes(file);

/** mulberry32: the same seed gives the same order on every machine. */
function randomOf(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/**
 * Files of `sizes` (path to lines) in an order drawn from `seed`, until `lines` are reached. One file is always drawn; one that
 * does not fit any more is passed over.
 */
export function sample(sizes, seed, lines) {
  const random = randomOf(seed);
  const drawn = [...sizes.keys()]
    .sort()
    .map((file) => ({ file, rank: random() }))
    .sort((a, b) => a.rank - b.rank);
  const chosen = [];
  let sum = 0;
  for (const { file } of drawn) {
    const size = sizes.get(file);
    if (chosen.length > 0 && sum + size > lines) continue;
    chosen.push(file);
    sum += size;
  }
  return chosen.sort();
}

const dead = new Set(["Killed", "Timeout"]);
const alive = new Set(["Survived", "NoCoverage"]);

/** Per name (a folder or a file): faults planted, dead ones, and those of the living that no test even reached. */
export function score(mutants, nameOf) {
  const rows = new Map();
  for (const { fileName, status } of mutants) {
    if (!dead.has(status) && !alive.has(status)) continue;
    const name = nameOf(fileName);
    const row = rows.get(name) ?? { planted: 0, dead: 0, unreached: 0 };
    row.planted += 1;
    if (dead.has(status)) row.dead += 1;
    if (status === "NoCoverage") row.unreached += 1;
    rows.set(name, row);
  }
  return rows;
}

const percent = ({ planted, dead }) => `${((dead / planted) * 100).toFixed(1)} %`;

/** One line a row, widest first column aligned; the sum last. */
export function scoreLines(rows) {
  const sum = { planted: 0, dead: 0, unreached: 0 };
  for (const row of rows.values()) for (const key of Object.keys(sum)) sum[key] += row[key];
  const all = [...rows].sort(([a], [b]) => (a < b ? -1 : 1));
  if (sum.planted === 0) return ["No faults could be planted here."];
  const width = Math.max(...all.map(([name]) => name.length), 3);
  return [...all, ["all", sum]].map(
    ([name, row]) =>
      `${name.padEnd(width)}  ${percent(row).padStart(7)}  ${row.dead} of ${row.planted} died, ${row.unreached} in code no test reaches`,
  );
}

/** What a person needs to see a living fault: where, what it replaced, and with what. */
export function survivorLines(mutants, sourceOf) {
  return mutants
    .filter(({ status }) => alive.has(status))
    .sort((a, b) =>
      a.fileName === b.fileName ? a.location.start.line - b.location.start.line : a.fileName < b.fileName ? -1 : 1,
    )
    .map(({ fileName, location: { start, end }, replacement, status }) => {
      const line = sourceOf(fileName)[start.line - 1] ?? "";
      const was = line.slice(start.column - 1, end.line === start.line ? end.column - 1 : undefined).trim();
      const now = replacement.replace(/\s+/g, " ").slice(0, 100);
      return `${fileName}:${start.line}:${start.column}  ${was}  →  ${now}${status === "NoCoverage" ? "  (no test reaches it)" : ""}`;
    });
}
