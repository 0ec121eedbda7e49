/**
 * Holidays and special sessions. Our own list: facts gathered from the sources named by each entry; exchanges
 * publish the next year's list in December and add days at short notice, so it is data, given to `createCalendar`.
 * Weekends need no entry. Before relying on a day for money, check the exchange's own circular.
 */
import type { HoursKey, SessionKind } from "./session";
import type { PhaseRow } from "./trading-hours";

export type Confidence = "high" | "medium" | "low";

/** A day of a list; a confidence of its own where it differs from the list's. */
export type ListedDay = readonly [date: string, name: string, confidence?: Confidence];

/** What one source says of a span of days: whatever it does not name is an ordinary day. */
export interface HolidayList {
  hours: readonly HoursKey[];
  /** First and last date the list speaks for, `YYYY-MM-DD`. */
  from: string;
  to: string;
  source: string;
  confidence: Confidence;
  /** No normal session (a muhurat session may be held: see `specials`). */
  closed: readonly ListedDay[];
  /** Commodity only: nothing before 17:00. */
  morningClosed?: readonly ListedDay[];
  /** Commodity only: nothing after 17:00. */
  eveningClosed?: readonly ListedDay[];
}

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

const equity: readonly HoursKey[] = ["NSE", "NSE_CAS", "NSE_INDEX", "BSE", "BSE_CAS", "BSE_INDEX", "NFO", "BFO"];
const currency: readonly HoursKey[] = ["CDS", "BCD"];
const commodity: readonly HoursKey[] = ["MCX", "MCX_AGRI"];

const lists: readonly HolidayList[] = [
  {
    hours: equity, from: "2016-03-15", to: "2016-09-09", confidence: "high",
    source: "recorded daily bars of eight NSE symbols: weekdays without any",
    closed: [
      ["2016-03-24", "Holi"],
      ["2016-03-25", "Good Friday"],
      ["2016-04-14", "Dr Ambedkar Jayanti"],
      ["2016-04-15", "Ram Navami"],
      ["2016-04-19", "Mahavir Jayanti"],
      ["2016-07-06", "Id-Ul-Fitr"],
      ["2016-08-15", "Independence Day"],
      ["2016-09-05", "Ganesh Chaturthi"],
    ],
  },
  {
    hours: equity, from: "2020-02-01", to: "2020-03-31", confidence: "high",
    source: "recorded minute bars of NIFTY and BANKNIFTY: weekdays without any",
    closed: [
      ["2020-02-21", "Mahashivratri"],
      ["2020-03-10", "Holi"],
    ],
  },
  {
    hours: equity, from: "2024-01-01", to: "2024-12-31", confidence: "high",
    source: "news and broker listings of 2024; the recorded daily bars from 2024-08-12 agree",
    closed: [
      ["2024-01-22", "Special holiday (Ram Mandir inauguration)", "medium"],
      ["2024-01-26", "Republic Day"],
      ["2024-03-08", "Mahashivratri"],
      ["2024-03-25", "Holi"],
      ["2024-03-29", "Good Friday"],
      ["2024-04-11", "Id-Ul-Fitr"],
      ["2024-04-17", "Ram Navami"],
      ["2024-05-01", "Maharashtra Day"],
      ["2024-05-20", "General election polling in Mumbai", "medium"],
      ["2024-06-17", "Bakri Id"],
      ["2024-07-17", "Muharram"],
      ["2024-08-15", "Independence Day"],
      ["2024-10-02", "Mahatma Gandhi Jayanti"],
      ["2024-11-01", "Diwali Laxmi Pujan"],
      ["2024-11-15", "Guru Nanak Jayanti"],
      ["2024-11-20", "Maharashtra assembly election polling"],
      ["2024-12-25", "Christmas"],
    ],
  },
  {
    hours: equity, from: "2025-01-01", to: "2025-12-31", confidence: "high",
    source: "NSE/CMTR/65587 (13 Dec 2024); the recorded daily bars to 2025-08-08 agree",
    closed: [
      ["2025-02-26", "Mahashivratri"],
      ["2025-03-14", "Holi"],
      ["2025-03-31", "Id-Ul-Fitr"],
      ["2025-04-10", "Mahavir Jayanti"],
      ["2025-04-14", "Dr Ambedkar Jayanti"],
      ["2025-04-18", "Good Friday"],
      ["2025-05-01", "Maharashtra Day"],
      ["2025-08-15", "Independence Day"],
      ["2025-08-27", "Ganesh Chaturthi"],
      ["2025-10-02", "Mahatma Gandhi Jayanti / Dussehra"],
      ["2025-10-21", "Diwali Laxmi Pujan"],
      ["2025-10-22", "Diwali Balipratipada"],
      ["2025-11-05", "Guru Nanak Jayanti"],
      ["2025-12-25", "Christmas"],
    ],
  },
  {
    hours: equity, from: "2026-01-01", to: "2026-12-31", confidence: "high",
    source: "NSE/CMTR/71775 (12 Dec 2025), NSE/CMTR/72260 (Jan 2026)",
    closed: [
      ["2026-01-15", "Municipal elections in Maharashtra"],
      ["2026-01-26", "Republic Day"],
      ["2026-03-03", "Holi"],
      ["2026-03-26", "Ram Navami"],
      ["2026-03-31", "Mahavir Jayanti"],
      ["2026-04-03", "Good Friday"],
      ["2026-04-14", "Dr Ambedkar Jayanti"],
      ["2026-05-01", "Maharashtra Day"],
      ["2026-05-28", "Bakri Id"],
      ["2026-06-26", "Muharram"],
      ["2026-09-14", "Ganesh Chaturthi"],
      ["2026-10-02", "Mahatma Gandhi Jayanti"],
      ["2026-10-20", "Dussehra"],
      ["2026-11-10", "Diwali Balipratipada"],
      ["2026-11-24", "Guru Nanak Jayanti"],
      ["2026-12-25", "Christmas"],
    ],
  },
  {
    hours: currency, from: "2025-01-01", to: "2025-12-31", confidence: "medium",
    source: "the equity list NSE/CMTR/65587; NSE circular of 4 Sep 2025; bank holidays from a broker's settlement calendar",
    closed: [
      ["2025-02-19", "Chhatrapati Shivaji Maharaj Jayanti", "low"],
      ["2025-02-26", "Mahashivratri"],
      ["2025-03-14", "Holi"],
      ["2025-03-31", "Id-Ul-Fitr"],
      ["2025-04-01", "Annual bank closing", "low"],
      ["2025-04-10", "Mahavir Jayanti"],
      ["2025-04-14", "Dr Ambedkar Jayanti"],
      ["2025-04-18", "Good Friday"],
      ["2025-05-01", "Maharashtra Day"],
      ["2025-05-12", "Buddha Pournima", "low"],
      ["2025-08-15", "Independence Day"],
      ["2025-08-27", "Ganesh Chaturthi"],
      ["2025-09-08", "Id-E-Milad (moved from 5 Sep 2025)", "high"],
      ["2025-10-02", "Mahatma Gandhi Jayanti / Dussehra"],
      ["2025-10-21", "Diwali Laxmi Pujan"],
      ["2025-10-22", "Diwali Balipratipada"],
      ["2025-11-05", "Guru Nanak Jayanti"],
      ["2025-12-25", "Christmas"],
    ],
  },
  {
    hours: currency, from: "2026-01-01", to: "2026-12-31", confidence: "high",
    source: "NSE circular of 23 Dec 2025, currency derivatives",
    closed: [
      ["2026-01-15", "Municipal elections in Maharashtra"],
      ["2026-01-26", "Republic Day"],
      ["2026-02-19", "Chhatrapati Shivaji Maharaj Jayanti"],
      ["2026-03-03", "Holi"],
      ["2026-03-19", "Gudi Padwa"],
      ["2026-03-26", "Ram Navami"],
      ["2026-03-31", "Mahavir Jayanti"],
      ["2026-04-01", "Annual bank closing"],
      ["2026-04-03", "Good Friday"],
      ["2026-04-14", "Dr Ambedkar Jayanti"],
      ["2026-05-01", "Maharashtra Day"],
      ["2026-05-28", "Bakri Id"],
      ["2026-06-26", "Muharram"],
      ["2026-08-26", "Id-E-Milad"],
      ["2026-09-14", "Ganesh Chaturthi"],
      ["2026-10-02", "Mahatma Gandhi Jayanti"],
      ["2026-10-20", "Dussehra"],
      ["2026-11-10", "Diwali Balipratipada"],
      ["2026-11-24", "Guru Nanak Jayanti"],
      ["2026-12-25", "Christmas"],
    ],
  },
  {
    hours: commodity, from: "2024-01-01", to: "2024-12-31", confidence: "high",
    source: "a broker's MCX listing (SMC, 2024)",
    closed: [
      ["2024-01-26", "Republic Day"],
      ["2024-03-29", "Good Friday"],
      ["2024-08-15", "Independence Day"],
      ["2024-10-02", "Mahatma Gandhi Jayanti", "medium"],
      ["2024-11-01", "Diwali Laxmi Pujan", "medium"],
      ["2024-12-25", "Christmas", "medium"],
    ],
    morningClosed: [
      ["2024-01-22", "Special holiday (Ram Mandir inauguration)", "low"],
      ["2024-03-08", "Mahashivratri"],
      ["2024-03-25", "Holi"],
      ["2024-04-11", "Id-Ul-Fitr"],
      ["2024-04-17", "Ram Navami"],
      ["2024-05-01", "Maharashtra Day"],
      ["2024-05-20", "General election polling in Mumbai", "low"],
      ["2024-06-17", "Bakri Id"],
      ["2024-07-17", "Muharram"],
      ["2024-11-15", "Guru Nanak Jayanti", "medium"],
      ["2024-11-20", "Maharashtra assembly election polling", "low"],
    ],
    eveningClosed: [
      ["2024-01-01", "New Year", "low"],
    ],
  },
  {
    hours: commodity, from: "2025-01-01", to: "2025-12-31", confidence: "high",
    source: "a broker's MCX listing (Rupeezy, 2025)",
    closed: [
      ["2025-04-18", "Good Friday"],
      ["2025-08-15", "Independence Day"],
      ["2025-10-02", "Mahatma Gandhi Jayanti"],
      ["2025-10-21", "Diwali Laxmi Pujan", "medium"],
      ["2025-12-25", "Christmas"],
    ],
    morningClosed: [
      ["2025-02-26", "Mahashivratri"],
      ["2025-03-14", "Holi"],
      ["2025-03-31", "Id-Ul-Fitr"],
      ["2025-04-10", "Mahavir Jayanti"],
      ["2025-04-14", "Dr Ambedkar Jayanti"],
      ["2025-05-01", "Maharashtra Day"],
      ["2025-08-27", "Ganesh Chaturthi"],
      ["2025-10-22", "Diwali Balipratipada"],
      ["2025-11-05", "Guru Nanak Jayanti"],
    ],
    eveningClosed: [
      ["2025-01-01", "New Year"],
    ],
  },
  {
    hours: commodity, from: "2026-01-01", to: "2026-12-31", confidence: "high",
    source: "a broker's MCX listing (Rupeezy, 2026) and openalgo's",
    closed: [
      ["2026-01-26", "Republic Day"],
      ["2026-04-03", "Good Friday"],
      ["2026-10-02", "Mahatma Gandhi Jayanti"],
      ["2026-12-25", "Christmas"],
    ],
    morningClosed: [
      ["2026-01-15", "Municipal elections in Maharashtra"],
      ["2026-03-03", "Holi"],
      ["2026-03-26", "Ram Navami", "medium"],
      ["2026-03-31", "Mahavir Jayanti"],
      ["2026-04-14", "Dr Ambedkar Jayanti"],
      ["2026-05-01", "Maharashtra Day"],
      ["2026-05-28", "Bakri Id"],
      ["2026-06-26", "Muharram"],
      ["2026-09-14", "Ganesh Chaturthi"],
      ["2026-10-20", "Dussehra"],
      ["2026-11-10", "Diwali Balipratipada"],
      ["2026-11-24", "Guru Nanak Jayanti"],
    ],
    eveningClosed: [
      ["2026-01-01", "New Year"],
    ],
  },
];

const specials: readonly SpecialDay[] = [
  { date: "2020-02-01", hours: equity, kind: "special", name: "Union budget on a Saturday", phases: "regular", source: "recorded minute bars", confidence: "high" },
  {
    date: "2020-03-13", hours: equity, kind: "special", name: "Market-wide halt",
    phases: [
      ["pre_open", "09:00", "09:08"], ["pre_open_matching", "09:08", "09:12"], ["buffer", "09:12", "09:15"],
      ["continuous", "09:15", "09:22"], ["halt", "09:22", "10:06"],
      ["pre_open", "10:06", "10:14"], ["pre_open_matching", "10:14", "10:18"], ["buffer", "10:18", "10:21"],
      ["continuous", "10:21", "15:30"], ["post_close", "15:40", "16:00"],
    ],
    source: "recorded minute bars of NIFTY, to the minute", confidence: "medium",
    note: "Seen on the index; split of the reopening auction after the usual 8 + 4 + 3 minutes",
  },
  {
    date: "2020-03-23", hours: equity, kind: "special", name: "Market-wide halt",
    phases: [
      ["pre_open", "09:00", "09:08"], ["pre_open_matching", "09:08", "09:12"], ["buffer", "09:12", "09:15"],
      ["continuous", "09:15", "09:59"], ["halt", "09:59", "10:42"],
      ["pre_open", "10:42", "10:50"], ["pre_open_matching", "10:50", "10:54"], ["buffer", "10:54", "10:57"],
      ["continuous", "10:57", "15:30"], ["post_close", "15:40", "16:00"],
    ],
    source: "recorded minute bars of NIFTY, to the minute", confidence: "medium",
    note: "Seen on the index; split of the reopening auction after the usual 8 + 4 + 3 minutes",
  },
  {
    date: "2020-11-14", hours: equity, kind: "muhurat", name: "Diwali muhurat session",
    phases: [["pre_open", "18:00", "18:08"], ["pre_open_matching", "18:08", "18:12"], ["buffer", "18:12", "18:15"], ["continuous", "18:15", "19:15"]],
    source: "recorded minute bars", confidence: "high",
  },
  {
    date: "2023-11-12", hours: [...equity, ...currency, ...commodity], kind: "muhurat", name: "Diwali muhurat session",
    phases: [
      ["pre_open", "18:00", "18:08"], ["pre_open_matching", "18:08", "18:12"], ["buffer", "18:12", "18:15"],
      ["continuous", "18:15", "19:15"], ["post_close", "19:25", "19:35"],
    ],
    source: "Angel One's announcement of the session", confidence: "high",
  },
  { date: "2024-01-20", hours: equity, kind: "special", name: "Saturday session", phases: "regular", source: "general knowledge", confidence: "low" },
  {
    date: "2024-03-02", hours: equity, kind: "special", name: "Disaster-recovery drill",
    phases: [
      ["pre_open", "09:00", "09:08"], ["pre_open_matching", "09:08", "09:12"], ["buffer", "09:12", "09:15"], ["continuous", "09:15", "10:00"],
      ["pre_open", "11:15", "11:23"], ["pre_open_matching", "11:23", "11:27"], ["buffer", "11:27", "11:30"], ["continuous", "11:30", "12:30"],
    ],
    source: "general knowledge", confidence: "low",
  },
  {
    date: "2024-05-18", hours: equity, kind: "special", name: "Disaster-recovery drill",
    phases: [
      ["pre_open", "09:00", "09:08"], ["pre_open_matching", "09:08", "09:12"], ["buffer", "09:12", "09:15"], ["continuous", "09:15", "10:00"],
      ["pre_open", "11:45", "11:53"], ["pre_open_matching", "11:53", "11:57"], ["buffer", "11:57", "12:00"], ["continuous", "12:00", "13:00"],
    ],
    source: "general knowledge", confidence: "low",
  },
  {
    date: "2024-11-01", hours: equity, kind: "muhurat", name: "Diwali muhurat session",
    phases: [["pre_open", "17:45", "18:00"], ["continuous", "18:00", "19:00"]],
    source: "news of the NSE and BSE circulars; a recorded daily bar", confidence: "high",
  },
  {
    date: "2024-11-01", hours: commodity, kind: "muhurat", name: "Diwali muhurat session", phases: [["continuous", null, null]],
    source: "a broker's MCX listing (SMC, 2024)", confidence: "medium", note: "The evening session was a muhurat session; no source at hand has its clock times",
  },
  { date: "2025-02-01", hours: equity, kind: "special", name: "Union budget on a Saturday", phases: "regular", source: "recorded daily bars", confidence: "high" },
  {
    date: "2025-10-21", hours: [...equity, ...currency, ...commodity], kind: "muhurat", name: "Diwali muhurat session",
    phases: [["pre_open", "13:30", "13:45"], ["continuous", "13:45", "14:45"]],
    source: "NSE circulars of 22 Sep 2025", confidence: "high",
  },
  { date: "2026-02-01", hours: equity, kind: "special", name: "Union budget on a Sunday", phases: "regular", source: "NSE/CMTR/72349 (16 Jan 2026)", confidence: "high" },
  {
    date: "2026-02-01", hours: commodity, kind: "special", name: "Union budget on a Sunday", phases: [["continuous", "09:00", "17:00"]],
    source: "NSE/CMTR/72349 (16 Jan 2026)", confidence: "medium",
  },
  {
    date: "2026-11-08", hours: [...equity, ...currency, ...commodity], kind: "muhurat", name: "Diwali muhurat session",
    phases: [["pre_open", null, null], ["continuous", null, null]],
    source: "NSE/CMTR/71775 (12 Dec 2025): day confirmed", confidence: "high",
    note: "Clock times were to be announced separately and are in no source at hand; give them as a special day",
  },
];

export const calendarDays: CalendarDays = { lists, specials };
