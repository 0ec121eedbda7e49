import type { Config } from "@/server/config";
import { createCalendar, hoursOf, type TradingCalendar } from "@/server/domain/calendar/calendar";
import { hasClosingAuction } from "@/server/domain/instruments/closing-auction-stocks";
import { istDay } from "@/server/domain/time/session";
import { recordedInstrument, replay, replayClock, startOfRecording } from "@/server/feeds/replay";
import { optionsFromText } from "@/server/files/options";
import type { Log, Meter } from "@/server/ports/observe";
import type { Clock } from "@/server/ports/clock";
import type { FeedDefinition } from "@/server/ports/feed";

/** The recording that is played in place of a broker, and the clock it sets; null where a broker is asked. */
export const openRecording = async (feed: Config["feed"], wall: Clock) => {
  if (feed.kind !== "replay") return null;
  const instrument = recordedInstrument(feed.instrument);
  const hours = hoursOf(instrument, { closingAuction: hasClosingAuction });
  const recording = { file: feed.file, instrument, fileOptions: optionsFromText(feed.fileOptions) };
  const sessionsOf =
    (calendar: Pick<TradingCalendar, "on">) =>
    (time: number): boolean => {
      const session = calendar.on(hours, istDay(time));
      return session !== null && time >= session.open && time < session.close;
    };
  // No edit of the calendar is known yet: the store opens on the clock that begins here.
  const clock = replayClock(wall, {
    start: await startOfRecording(recording, sessionsOf(createCalendar())),
    speed: feed.speed,
  });
  return {
    clock,
    /** Whose candles it is printed like, where a person says. */
    broker: recording.fileOptions.broker,
    feed: (calendar: Pick<TradingCalendar, "on">, log: Log, meter: Meter): FeedDefinition =>
      replay({
        ...recording,
        clock,
        inSession: sessionsOf(calendar),
        onMalformed: (line) => {
          meter.reject("malformed_line");
          log.warn("invalid tick line", { ...line });
        },
      }),
  };
};
