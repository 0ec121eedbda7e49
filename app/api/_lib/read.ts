import { asField } from "@/server/contract/answer";
import { symbolText, timeIn, type Zone } from "@/server/contract/reads";
import { container } from "@/server/runtime";
import { responseOf } from "./route";

/** A read view: `server/web/reads-door.ts` parses the path; bars and latest are handled there before Next. */
export const read = async (request: Request): Promise<Response> =>
  responseOf(await container().answerRead(request.url, request.signal));

/** Key of the symbol in a path, written in any of the ways people write it. */
export const keyOf = (running: ReturnType<typeof container>, symbol: string, vendor: string | undefined): string => {
  const parsed = symbolText.safeParse(symbol);
  if (!parsed.success) throw running.badInput("symbol", symbol, parsed.error.issues[0]!.message);
  return running.desk.instrument(asField("symbol", () => running.desk.resolve(parsed.data, vendor))).key;
};

const INSTANTS: ReadonlySet<string> = new Set([
  "from",
  "to",
  "openedAt",
  "closedAt",
  "open",
  "close",
  "since",
  "lastTick",
]);

/** An answer with its instants as ISO text of a zone. */
export const inZone = <T>(zone: Zone, answer: T): T => (zone === undefined ? answer : (told(zone, answer) as T));

const told = (zone: Zone, value: unknown, name = ""): unknown => {
  if (Array.isArray(value)) return value.map((each) => told(zone, each));
  if (typeof value === "object" && value !== null)
    return Object.fromEntries(Object.entries(value).map(([field, each]) => [field, told(zone, each, field)]));
  return INSTANTS.has(name) && typeof value === "number" && value > 1e11 ? timeIn(zone, value) : value;
};
