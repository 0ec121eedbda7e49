import type { RestGap } from "@/server/contract/answers";
import { FIRST_START } from "@/server/domain/bars/gap";

const causeWords: Readonly<Record<RestGap["cause"], string>> = {
  disconnect: "Disconnected",
  silence: "Silence",
  restart: "Candela was not running",
  missing_sequence: "Messages skipped",
  completeness: "Bars missing",
};

/** Why nothing came, as a person says it. A first start is none that was made again. */
export const causeText = ({ cause, note }: Pick<RestGap, "cause" | "note">): string =>
  cause === "restart" && note.startsWith(FIRST_START) ? "Before the first start" : causeWords[cause];

export const stateWords: Readonly<Record<RestGap["state"], string>> = {
  open: "open",
  healing: "healing",
  healed: "healed",
  no_trade: "no trade",
  ignored: "ignored",
};

/** Whose data are missing: one instrument, some of a collector's, or all of them. */
export const concernedText = ({
  instrument,
  instruments,
  collector,
}: Pick<RestGap, "instrument" | "instruments" | "collector">): string =>
  instrument ??
  `${collector ?? "every feed"}, ${instruments === null ? "all instruments" : instruments.length === 1 ? instruments[0]! : `${instruments.length} instruments`}`;

/** Minutes still without a bar; not known before the gap has ended. */
export const remainText = ({ remaining, to }: Pick<RestGap, "remaining" | "to">): string =>
  remaining !== null ? String(remaining) : to === null ? "ongoing" : "counting";
