/**
 * Trading hours by date, as the exchanges' circulars state them. Data, not code: the hours changed on
 * 2025-12-08, 2026-08-03 and 2026-09-07 and will change again. Clock times are IST.
 * Block deal windows (08:45-09:00, 14:05-14:20) run beside other phases and are left out.
 */
import type { HoursKey, PhaseName } from "@/server/domain/time/session";

/** A phase with its clock times, `HH:MM` or `HH:MM:SS`; null if unknown. `24:00` ends a day. */
export type PhaseRow = readonly [phase: PhaseName, from: string | null, to: string | null];

export interface HoursRow {
  hours: HoursKey;
  /** First and last trading date, `YYYY-MM-DD`; null is open-ended. */
  from: string | null;
  to: string | null;
  /** Open on weekdays unless a calendar day says otherwise, or on every day of the year. */
  days: "weekdays" | "every";
  /** Only while the United States observe (or do not observe) daylight saving time. */
  unitedStates?: "daylight-saving" | "standard";
  phases: readonly PhaseRow[];
  source: string;
}

/** The whole list in force, for `createCalendar`. */
export type TradingHours = readonly HoursRow[];

/** Order entry closes at a random moment in its last minute (two minutes since 2026-09-07). */
export const preOpenToSeptember2026: readonly PhaseRow[] = [
  ["pre_open", "09:00", "09:08"],
  ["pre_open_matching", "09:08", "09:12"],
  ["buffer", "09:12", "09:15"],
];
// 09:00-09:05 takes limit and market orders, 09:05-09:10 limit orders only.
const preOpen: readonly PhaseRow[] = [
  ["pre_open", "09:00", "09:10"],
  ["pre_open_matching", "09:10", "09:12"],
  ["buffer", "09:12", "09:15"],
];

const continuous: PhaseRow = ["continuous", "09:15", "15:30"];
const continuousBeforeAuction: readonly PhaseRow[] = [
  ["continuous", "09:15", "15:15"],
  ["transition", "15:15", "15:20"],
  ["closing_auction", "15:20", "15:30"],
  ["closing_matching", "15:30", "15:35"],
];
const postCloseToJuly2026: PhaseRow = ["post_close", "15:40", "16:00"];
const postClose: PhaseRow = ["post_close", "15:50", "16:00"];

const cash2026 = "NSE/CMTR/74466 (29 May 2026), NSE/CMTR/72394, BSE notice 20260801-1";
const preOpen2026 = "NSE FAQ of 1 July 2026, BSE notices of 3 Aug 2026";
const classic = "the 'previously' clauses of the 2026 circulars";

const cash = (hours: HoursKey): HoursRow[] => [
  {
    hours,
    from: null,
    to: "2026-08-02",
    days: "weekdays",
    phases: [...preOpenToSeptember2026, continuous, postCloseToJuly2026],
    source: classic,
  },
  {
    hours,
    from: "2026-08-03",
    to: "2026-09-06",
    days: "weekdays",
    phases: [...preOpenToSeptember2026, continuous, postClose],
    source: cash2026,
  },
  {
    hours,
    from: "2026-09-07",
    to: null,
    days: "weekdays",
    phases: [...preOpen, continuous, postClose],
    source: preOpen2026,
  },
];

/** Stocks with derivatives: since 2026-08-03 their day ends in a closing auction. */
const cashWithClosingAuction = (hours: HoursKey): HoursRow[] => [
  {
    hours,
    from: null,
    to: "2026-08-02",
    days: "weekdays",
    phases: [...preOpenToSeptember2026, continuous, postCloseToJuly2026],
    source: classic,
  },
  {
    hours,
    from: "2026-08-03",
    to: "2026-09-06",
    days: "weekdays",
    phases: [...preOpenToSeptember2026, ...continuousBeforeAuction, postClose],
    source: cash2026,
  },
  {
    hours,
    from: "2026-09-07",
    to: null,
    days: "weekdays",
    phases: [...preOpen, ...continuousBeforeAuction, postClose],
    source: preOpen2026,
  },
];

/**
 * Index values follow their stocks. Since 2026-08-03 they do not change from 15:15, or move with indicative prices, and
 * jump once to the auction's value between 15:28 and 15:30. None of that is continuous trading; the value belongs to an
 * auction.
 */
const index = (hours: HoursKey): HoursRow[] => [
  {
    hours,
    from: null,
    to: "2026-08-02",
    days: "weekdays",
    phases: [...preOpenToSeptember2026, continuous],
    source: classic,
  },
  {
    hours,
    from: "2026-08-03",
    to: "2026-09-06",
    days: "weekdays",
    phases: [...preOpenToSeptember2026, ...continuousBeforeAuction],
    source: cash2026,
  },
  {
    hours,
    from: "2026-09-07",
    to: null,
    days: "weekdays",
    phases: [...preOpen, ...continuousBeforeAuction],
    source: preOpen2026,
  },
];

/**
 * The pre-open is for near futures only (the current month's; the next month's too in the last five trading days before
 * an expiry). A future further out keeps these hours as well: its silence until 09:15 is no fault.
 */
const futures = (hours: HoursKey): HoursRow[] => [
  { hours, from: null, to: "2025-12-07", days: "weekdays", phases: [continuous], source: classic },
  {
    hours,
    from: "2025-12-08",
    to: "2026-08-02",
    days: "weekdays",
    phases: [...preOpenToSeptember2026, continuous],
    source: "NSE/FAOP/71092 (3 Nov 2025) and its update of 5 Dec 2025",
  },
  {
    hours,
    from: "2026-08-03",
    to: "2026-09-06",
    days: "weekdays",
    phases: [...preOpenToSeptember2026, ["continuous", "09:15", "15:40"]],
    source: "NSE/FAOP/74467 (29 May 2026), BSE notice 20260801-2",
  },
  {
    hours,
    from: "2026-09-07",
    to: null,
    days: "weekdays",
    phases: [...preOpen, ["continuous", "09:15", "15:40"]],
    source: "BSE notices of 3 Aug 2026; for NSE derivatives no text of its own was found",
  },
];

/** Options have no pre-open; spreads are not listed as instruments. */
const options = (hours: HoursKey): HoursRow[] => [
  {
    hours,
    from: null,
    to: "2026-08-02",
    days: "weekdays",
    phases: [continuous],
    source: `${classic}; NSE/FAOP/71092 (3 Nov 2025) leaves options out of the pre-open`,
  },
  {
    hours,
    from: "2026-08-03",
    to: null,
    days: "weekdays",
    phases: [["continuous", "09:15", "15:40"]],
    source: "NSE/FAOP/74467 (29 May 2026), BSE notice 20260801-2",
  },
];

const commodityHours =
  "SEBI/HO/CDMRD/DMP/CIR/P/2018/146 (30 Nov 2018), as the exchanges' circulars of 9 Feb 2026 apply it from 2026-03-09 to 2026-10-30";

export const tradingHours: TradingHours = [
  ...cash("NSE"),
  ...cash("BSE"),
  ...cashWithClosingAuction("NSE_CAS"),
  ...cashWithClosingAuction("BSE_CAS"),
  ...index("NSE_INDEX"),
  ...index("BSE_INDEX"),
  ...futures("NFO"),
  ...futures("BFO"),
  ...options("NFO_OPTIONS"),
  ...options("BFO_OPTIONS"),
  {
    hours: "CDS",
    from: null,
    to: null,
    days: "weekdays",
    phases: [["continuous", "09:00", "17:00"]],
    source: "NSE, currency derivatives: market timings",
  },
  {
    hours: "BCD",
    from: null,
    to: null,
    days: "weekdays",
    phases: [["continuous", "09:00", "17:00"]],
    source: "BSE, currency derivatives: market timings",
  },
  {
    hours: "MCX",
    from: null,
    to: null,
    days: "weekdays",
    unitedStates: "daylight-saving",
    phases: [["continuous", "09:00", "23:30"]],
    source: commodityHours,
  },
  {
    hours: "MCX",
    from: null,
    to: null,
    days: "weekdays",
    unitedStates: "standard",
    phases: [["continuous", "09:00", "23:55"]],
    source: commodityHours,
  },
  {
    hours: "NCO",
    from: null,
    to: null,
    days: "weekdays",
    unitedStates: "daylight-saving",
    phases: [["continuous", "09:00", "23:30"]],
    source: commodityHours,
  },
  {
    hours: "NCO",
    from: null,
    to: null,
    days: "weekdays",
    unitedStates: "standard",
    phases: [["continuous", "09:00", "23:55"]],
    source: commodityHours,
  },
  // The evening session continues to 02:45 of the next date. Our sessions lie within one IST date, so values after
  // midnight update the quote but enter no bar.
  {
    hours: "NSEIX",
    from: null,
    to: null,
    days: "weekdays",
    phases: [
      ["continuous", "06:30", "15:40"],
      ["continuous", "16:35", "24:00"],
    ],
    source: "NSE IX, GIFT NIFTY: market timings",
  },
  // An older listing has 21:30 for the internationally linked agricultural contracts.
  {
    hours: "MCX_AGRI",
    from: null,
    to: null,
    days: "weekdays",
    phases: [["continuous", "09:00", "21:00"]],
    source: "MCX, internationally linked agricultural contracts: market timings",
  },
  {
    hours: "SIM",
    from: null,
    to: null,
    days: "every",
    phases: [["continuous", "00:00", "24:00"]],
    source: "the simulated exchange",
  },
];
