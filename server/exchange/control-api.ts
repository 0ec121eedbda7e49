import { AppError, badInput } from "@/server/domain/basics/errors";
import { bodyOf, replyText } from "./reply";
import { istLabel } from "@/server/domain/time/ist-text";
import { parseIst } from "./parse-ist";
import { parseFault } from "./faults";
import { secondsOf } from "./seconds";
import type { FeedServer } from "./feed-server";
import type { Faults } from "./faults";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Logins } from "./login";
import type { Market } from "./market";
import type { Transcript } from "./transcript";
import type { VirtualClock } from "./virtual-clock";

export interface ControlParts {
  market: Market;
  clock: VirtualClock;
  faults: Faults;
  logins: Logins;
  transcript: Transcript;
  feed: FeedServer;
  real: () => number;
}

/** Played tick by tick at most; `set` goes further. */
const LONGEST_ADVANCE_MS = 3_600_000;
const PLAY_STEP_MS = 1_000;
/** A bad error message of a broker: with a secret, and very long. */
const SAID = `Too many subscriptions for token candela-demo-token. ${"Contact support. ".repeat(40)}`;
const FASTEST = 10_000;

/** Paths no broker has: `/sim/clock`, `/sim/fault`, `/sim/reset`, `/sim/seconds`, `/sim/transcript`, `/sim/stats`. */
export const controlApi = ({ market, clock, faults, logins, transcript, feed, real }: ControlParts) => {
  const clockState = () => ({
    now: clock.now(),
    text: istLabel(clock.now()),
    speed: clock.speed(),
    paused: clock.paused(),
    calendar: market.calendar.name,
  });

  const number = (body: Record<string, unknown>, field: string, max: number): number | undefined => {
    const value = body[field];
    if (value === undefined) return undefined;
    if (typeof value !== "number" || !(value > 0) || value > max)
      throw badInput(field, value, `a number above 0 and up to ${max}`);
    return value;
  };

  const instantOf = (value: unknown): number => {
    const instant =
      typeof value === "number"
        ? value
        : typeof value === "string"
          ? (parseIst(value, "00:00:00") ?? Date.parse(value))
          : Number.NaN;
    if (!Number.isFinite(instant)) throw badInput("set", value, "epoch ms, an ISO time, or YYYY-MM-DD hh:mm:ss in IST");
    return instant;
  };

  /** `set` jumps without sending the ticks in between; `advance` plays every tick of that many ms. */
  const moveClock = async (body: Record<string, unknown>): Promise<void> => {
    const speed = number(body, "speed", FASTEST);
    const advance = number(body, "advance", LONGEST_ADVANCE_MS);
    const instant = body["set"] === undefined ? undefined : instantOf(body["set"]);
    if (body["pause"] !== undefined && typeof body["pause"] !== "boolean")
      throw badInput("pause", body["pause"], "true or false");
    if (speed !== undefined) clock.setSpeed(speed);
    if (body["pause"] !== undefined) clock.pause(body["pause"] as boolean);
    if (instant !== undefined) {
      clock.set(instant);
      feed.jump();
    }
    if (advance !== undefined) await play(advance);
  };

  /** Second by second, so that an hour's ticks reach a client that reads them. */
  const play = async (lengthMs: number): Promise<void> => {
    const end = clock.now() + lengthMs;
    for (let instant = clock.now(); instant < end;) {
      instant = Math.min(end, instant + PLAY_STEP_MS);
      clock.set(Math.max(instant, clock.now()));
      feed.pump();
      await feed.drained();
    }
  };

  const addFault = (body: Record<string, unknown>): void => {
    const fault = parseFault(body, real());
    const happensOnce = fault.kind === "half_open" || (fault.kind === "disconnect" && fault.until === Infinity);
    if (!happensOnce) faults.add(fault);
    if (fault.kind === "half_open") feed.halfOpen();
    if (fault.kind === "text_error") feed.say(SAID);
    if (fault.kind === "disconnect" || fault.kind === "expired") feed.disconnect();
  };
  const faultList = () =>
    faults.list().map(({ kind, symbols, until, ratio, delayMs }) => ({
      kind,
      ratio,
      delayMs,
      symbols: symbols === null ? null : [...symbols],
      until: until === Infinity ? null : until,
    }));

  const reset = (): void => {
    faults.reset();
    feed.reset();
    logins.reset();
    transcript.reset();
  };

  const bodyObject = async (request: IncomingMessage): Promise<Record<string, unknown>> => {
    const text = await bodyOf(request);
    let body: unknown;
    try {
      body = JSON.parse(text === "" ? "{}" : text);
    } catch {
      throw badInput("body", text.slice(0, 80), "a JSON object");
    }
    if (typeof body !== "object" || body === null || Array.isArray(body)) throw badInput("body", body, "a JSON object");
    return body as Record<string, unknown>;
  };

  const answer = async (request: IncomingMessage, { pathname, searchParams }: URL): Promise<unknown> => {
    const asked = (field: string): number => Number(searchParams.get(field) ?? Number.NaN);
    switch (`${request.method} ${pathname}`) {
      case "GET /sim/clock":
        return clockState();
      case "POST /sim/clock":
        await moveClock(await bodyObject(request));
        return clockState();
      case "GET /sim/fault":
        return { faults: faultList() };
      case "POST /sim/fault":
        addFault(await bodyObject(request));
        return { faults: faultList() };
      case "POST /sim/reset":
        reset();
        return { faults: [] };
      case "GET /sim/seconds":
        return { seconds: secondsOf(market, asked("token"), asked("from"), asked("to")) };
      case "GET /sim/transcript":
        return { entries: transcript.entries() };
      case "GET /sim/stats":
        return { ...feed.stats(), instruments: market.listings.length, clock: clockState() };
      default:
        throw new AppError("not_found", `there is no ${request.method} ${pathname}`);
    }
  };

  return async (request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> => {
    replyText(response, 200, JSON.stringify(await answer(request, url)));
  };
};
