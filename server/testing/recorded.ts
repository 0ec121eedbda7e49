/** Recordings of our own making, in the repository: `recorded/README.md` says how they were made. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { gunzipSync } from "node:zlib";
import type { HoursKey } from "@/server/domain/time/session";
import type { OfficialTick } from "./official-client";

const folder = path.join(import.meta.dirname, "recorded");

const recordedFile = (name: string): Buffer => {
  const bytes = readFileSync(path.join(folder, name));
  return name.endsWith(".gz") ? gunzipSync(bytes) : bytes;
};
export const recordedText = (name: string): string => recordedFile(name).toString("utf8");
export const recordedJson = <T>(name: string): T => JSON.parse(recordedText(name)) as T;

/** One frame of each kind, with its packets as the official client decodes them. */
export interface RecordedFrame {
  name: string;
  hex: string;
  /** As `candela decode` names them. */
  modes: string[];
  ticks: OfficialTick[];
}

/** What the recorded session holds: instruments by token, in the order of their dense numbers. */
export interface RecordedSession {
  instruments: { token: number; key: string; hours: HoursKey }[];
  /** Epoch ms of receipt and the frame's bytes in hex. */
  frames: [received: number, hex: string][];
}
