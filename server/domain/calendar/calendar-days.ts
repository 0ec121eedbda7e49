/**
 * Holidays and special sessions. Our own list: facts gathered from the sources named by each entry; exchanges
 * publish the next year's list in December and add days at short notice, so it is data, given to `createCalendar`.
 * Weekends need no entry. Before relying on a day for money, check the exchange's own circular.
 */
import { commodity, currency, equity, holidayLists, type Confidence, type HolidayList } from "./holiday-lists";
import type { HoursKey, SessionKind } from "@/server/domain/time/session";
import { preOpenToSeptember2026, type PhaseRow } from "./trading-hours";

/** A day with a session of its own: it goes before any list and before the weekend. */
export interface SpecialDay {
  date: string;
  hours: readonly HoursKey[];
  kind: SessionKind;
  name: string;
  /** `regular`: the ordinary hours of that date. Phases an instrument class does not have are left out for it. */
  phases: "regular" | readonly PhaseRow[];
  source: string;
  confidence: Confidence;
  note?: string;
}

export interface CalendarDays {
  lists: readonly HolidayList[];
  specials: readonly SpecialDay[];
}

const specials: readonly SpecialDay[] = [
  {
    date: "2016-10-30",
    hours: equity,
    kind: "muhurat",
    name: "Diwali muhurat session",
    phases: [
      ["pre_open", "18:15", "18:23"],
      ["pre_open_matching", "18:23", "18:27"],
      ["buffer", "18:27", "18:30"],
      ["continuous", "18:30", "19:30"],
    ],
    source:
      "the exchanges' circulars as newspapers printed them; split of the opening auction after the usual 8 + 4 + 3 minutes",
    confidence: "medium",
  },
  {
    date: "2017-10-19",
    hours: equity,
    kind: "muhurat",
    name: "Diwali muhurat session",
    phases: [
      ["pre_open", "18:15", "18:23"],
      ["pre_open_matching", "18:23", "18:27"],
      ["buffer", "18:27", "18:30"],
      ["continuous", "18:30", "19:30"],
    ],
    source: "recorded minute bars of NIFTY",
    confidence: "high",
  },
  {
    date: "2018-11-07",
    hours: equity,
    kind: "muhurat",
    name: "Diwali muhurat session",
    phases: [
      ["pre_open", "17:15", "17:23"],
      ["pre_open_matching", "17:23", "17:27"],
      ["buffer", "17:27", "17:30"],
      ["continuous", "17:30", "18:30"],
    ],
    source: "recorded minute bars of NIFTY",
    confidence: "high",
  },
  {
    date: "2019-10-27",
    hours: equity,
    kind: "muhurat",
    name: "Diwali muhurat session",
    phases: [
      ["pre_open", "18:00", "18:08"],
      ["pre_open_matching", "18:08", "18:12"],
      ["buffer", "18:12", "18:15"],
      ["continuous", "18:15", "19:15"],
    ],
    source: "recorded minute bars of NIFTY",
    confidence: "high",
  },
  {
    date: "2020-02-01",
    hours: equity,
    kind: "special",
    name: "Union budget on a Saturday",
    phases: "regular",
    source: "recorded minute bars",
    confidence: "high",
  },
  {
    date: "2020-03-13",
    hours: equity,
    kind: "special",
    name: "Market-wide halt",
    phases: [
      ...preOpenToSeptember2026,
      ["continuous", "09:15", "09:22"],
      ["halt", "09:22", "10:06"],
      ["pre_open", "10:06", "10:14"],
      ["pre_open_matching", "10:14", "10:18"],
      ["buffer", "10:18", "10:21"],
      ["continuous", "10:21", "15:30"],
      ["post_close", "15:40", "16:00"],
    ],
    source: "recorded minute bars of NIFTY, to the minute",
    confidence: "medium",
    note: "Seen on the index; split of the reopening auction after the usual 8 + 4 + 3 minutes",
  },
  {
    date: "2020-03-23",
    hours: equity,
    kind: "special",
    name: "Market-wide halt",
    phases: [
      ...preOpenToSeptember2026,
      ["continuous", "09:15", "09:59"],
      ["halt", "09:59", "10:42"],
      ["pre_open", "10:42", "10:50"],
      ["pre_open_matching", "10:50", "10:54"],
      ["buffer", "10:54", "10:57"],
      ["continuous", "10:57", "15:30"],
      ["post_close", "15:40", "16:00"],
    ],
    source: "recorded minute bars of NIFTY, to the minute",
    confidence: "medium",
    note: "Seen on the index; split of the reopening auction after the usual 8 + 4 + 3 minutes",
  },
  {
    date: "2020-11-14",
    hours: equity,
    kind: "muhurat",
    name: "Diwali muhurat session",
    phases: [
      ["pre_open", "18:00", "18:08"],
      ["pre_open_matching", "18:08", "18:12"],
      ["buffer", "18:12", "18:15"],
      ["continuous", "18:15", "19:15"],
    ],
    source: "recorded minute bars of NIFTY",
    confidence: "high",
  },
  {
    date: "2020-11-14",
    hours: commodity,
    kind: "muhurat",
    name: "Diwali muhurat session",
    phases: [["continuous", "18:15", "19:15"]],
    source: "news of MCX's circular of 2 Nov 2020",
    confidence: "high",
  },
  {
    date: "2021-02-24",
    hours: ["NSE", "NSE_CAS", "NFO", "NFO_OPTIONS"],
    kind: "special",
    name: "Outage of NSE, hours extended",
    phases: [
      ...preOpenToSeptember2026,
      ["continuous", "09:15", "11:40"],
      ["halt", "11:40", "15:30"],
      ["pre_open", "15:30", "15:38"],
      ["pre_open_matching", "15:38", "15:42"],
      ["buffer", "15:42", "15:45"],
      ["continuous", "15:45", "17:00"],
    ],
    source: "SEBI's and NSE's statements of the day",
    confidence: "high",
  },
  {
    date: "2021-02-24",
    hours: ["NSE_INDEX"],
    kind: "special",
    name: "Outage of NSE, hours extended",
    phases: [
      ...preOpenToSeptember2026,
      ["continuous", "09:15", "10:08"],
      ["halt", "10:08", "15:30"],
      ["pre_open", "15:30", "15:38"],
      ["pre_open_matching", "15:38", "15:42"],
      ["buffer", "15:42", "15:45"],
      ["continuous", "15:45", "17:00"],
    ],
    source: "recorded minute bars of NIFTY",
    confidence: "high",
    note: "Index values stopped at 10:08, an hour and a half before trading did",
  },
  {
    date: "2021-02-24",
    hours: ["BSE", "BSE_CAS", "BSE_INDEX", "BFO", "BFO_OPTIONS"],
    kind: "special",
    name: "Hours extended after NSE's outage",
    phases: [...preOpenToSeptember2026, ["continuous", "09:15", "17:00"]],
    source: "BSE's statement of the day",
    confidence: "high",
  },
  {
    date: "2021-11-04",
    hours: [...equity, ...currency, ...commodity],
    kind: "muhurat",
    name: "Diwali muhurat session",
    phases: [
      ["pre_open", "18:00", "18:08"],
      ["pre_open_matching", "18:08", "18:12"],
      ["buffer", "18:12", "18:15"],
      ["continuous", "18:15", "19:15"],
      ["post_close", "19:25", "19:35"],
    ],
    source: "recorded minute bars of NIFTY; news of the exchanges' circulars",
    confidence: "high",
  },
  {
    date: "2022-10-24",
    hours: equity,
    kind: "muhurat",
    name: "Diwali muhurat session",
    phases: [
      ["pre_open", "18:00", "18:08"],
      ["pre_open_matching", "18:08", "18:12"],
      ["buffer", "18:12", "18:15"],
      ["continuous", "18:15", "19:15"],
    ],
    source: "recorded minute bars of NIFTY",
    confidence: "high",
  },
  {
    date: "2023-11-12",
    hours: [...equity, ...currency, ...commodity],
    kind: "muhurat",
    name: "Diwali muhurat session",
    phases: [
      ["pre_open", "18:00", "18:08"],
      ["pre_open_matching", "18:08", "18:12"],
      ["buffer", "18:12", "18:15"],
      ["continuous", "18:15", "19:15"],
      ["post_close", "19:25", "19:35"],
    ],
    source: "Angel One's announcement of the session",
    confidence: "high",
  },
  {
    date: "2024-01-20",
    hours: equity,
    kind: "special",
    name: "Saturday session",
    phases: "regular",
    source: "general knowledge",
    confidence: "low",
  },
  {
    date: "2024-03-02",
    hours: equity,
    kind: "special",
    name: "Disaster-recovery drill",
    phases: [
      ...preOpenToSeptember2026,
      ["continuous", "09:15", "10:00"],
      ["pre_open", "11:15", "11:23"],
      ["pre_open_matching", "11:23", "11:27"],
      ["buffer", "11:27", "11:30"],
      ["continuous", "11:30", "12:30"],
    ],
    source: "the exchange's circular as newspapers printed it",
    confidence: "medium",
  },
  {
    date: "2024-05-18",
    hours: equity,
    kind: "special",
    name: "Disaster-recovery drill",
    phases: [
      ...preOpenToSeptember2026,
      ["continuous", "09:15", "10:00"],
      ["pre_open", "11:15", "11:23"],
      ["pre_open_matching", "11:23", "11:27"],
      ["buffer", "11:27", "11:30"],
      ["continuous", "11:30", "12:30"],
    ],
    source:
      "the exchange's circular of 7 May 2024 as newspapers printed it; split of the second opening auction after the usual 8 + 4 + 3 minutes",
    confidence: "medium",
  },
  {
    date: "2024-11-01",
    hours: equity,
    kind: "muhurat",
    name: "Diwali muhurat session",
    phases: [
      ["pre_open", "17:45", "18:00"],
      ["continuous", "18:00", "19:00"],
    ],
    source: "news of the NSE and BSE circulars; a recorded daily bar",
    confidence: "high",
  },
  {
    date: "2024-11-01",
    hours: [...currency, ...commodity],
    kind: "muhurat",
    name: "Diwali muhurat session",
    phases: [["continuous", "18:00", "19:00"]],
    source: "news of the circulars of NSE and MCX",
    confidence: "medium",
  },
  {
    date: "2025-02-01",
    hours: equity,
    kind: "special",
    name: "Union budget on a Saturday",
    phases: "regular",
    source: "recorded daily bars",
    confidence: "high",
  },
  {
    date: "2025-10-21",
    hours: [...equity, ...currency, ...commodity],
    kind: "muhurat",
    name: "Diwali muhurat session",
    phases: [
      ["pre_open", "13:30", "13:45"],
      ["continuous", "13:45", "14:45"],
    ],
    source: "NSE circulars of 22 Sep 2025",
    confidence: "high",
  },
  {
    date: "2026-02-01",
    hours: equity,
    kind: "special",
    name: "Union budget on a Sunday",
    phases: "regular",
    source: "NSE/CMTR/72349 (16 Jan 2026)",
    confidence: "high",
  },
  {
    date: "2026-02-01",
    hours: commodity,
    kind: "special",
    name: "Union budget on a Sunday",
    phases: [["continuous", "09:00", "17:00"]],
    source: "NSE/CMTR/72349 (16 Jan 2026)",
    confidence: "medium",
  },
  {
    date: "2026-11-08",
    hours: [...equity, ...currency, ...commodity],
    kind: "muhurat",
    name: "Diwali muhurat session",
    phases: [
      ["pre_open", null, null],
      ["continuous", null, null],
    ],
    source: "NSE/CMTR/71775 (12 Dec 2025): day confirmed",
    confidence: "high",
    note: "Clock times were to be announced separately and are in no source at hand; add them as an edit of the calendar",
  },
];

export const calendarDays: CalendarDays = { lists: holidayLists, specials };
