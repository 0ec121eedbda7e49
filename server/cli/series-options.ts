/** What `replay` and `resample` are asked for: an instrument by key and timeframes by name, checked. */
import { hoursOf } from "@/server/domain/calendar/calendar";
import { hasClosingAuction } from "@/server/domain/instruments/closing-auction-stocks";
import { badInput } from "@/server/domain/basics/errors";
import { type Instrument, keyOf } from "@/server/domain/instruments/instrument";
import type { HoursKey } from "@/server/domain/time/session";
import { type AnyTimeframe, parseAnyTimeframe, timeframeNames } from "@/server/domain/time/timeframe";
import { recordedInstrument } from "@/server/feeds/replay";

export interface FileInstrument {
  instrument: Instrument;
  hours: HoursKey;
}

/** The instrument a file is of and its trading hours; throws `bad_input` naming the option. */
export const fileInstrument = (key: string): FileInstrument => {
  const { token: _token, wireDivisor: _divisor, ...listed } = recordedInstrument(key);
  const instrument: Instrument = { ...listed, id: 1, key: keyOf(listed.exchange, listed.symbol) };
  return { instrument, hours: hoursOf(instrument, { closingAuction: hasClosingAuction }) };
};

/** `besides`: other values the option accepts. */
export const timeframeOption = (option: string, text: string, besides: readonly string[] = []): AnyTimeframe => {
  const found = parseAnyTimeframe(text);
  if (found === undefined)
    throw badInput(
      option,
      text,
      [...timeframeNames, ...besides].join(", ") +
        " or any number of minutes, such as 45m or 4h, or of seconds up to 59",
    );
  return found;
};
