import { spawn } from "node:child_process";
import { once } from "node:events";

/** Argument of a bench's child process on its command line: `MEASURE part {job}`. */
export const MEASURE = "measure";
/** The same for a process that stays: `ROLE name {options}`. */
export const ROLE = "role";

/** Runs one measurement in a fresh Node process, so that neither compiled code nor garbage of another is in it. */
export const measureInChild = async <Result>(program: string, part: string, job: unknown): Promise<Result> => {
  const child = spawn(process.execPath, [program, MEASURE, part, JSON.stringify(job)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let text = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    text += chunk;
  });
  const [code] = (await once(child, "close")) as [number | null];
  if (code !== 0) throw new Error(`measuring ${part} ${JSON.stringify(job)} ended with ${code}`);
  return JSON.parse(text) as Result;
};

export const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
};
