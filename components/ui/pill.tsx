/**
 * `<Pill state="LIVE" detail="0.4s" />`: a state as word, glyph and tint.
 *   state   one of `pillStates`; decides glyph, colour and, unless `label` says otherwise, the word
 *   detail  what follows the word, without capitals: an age, a countdown
 *   label   another word for the same state
 *   detailRef  the detail's element, for parts that write ages without rendering
 */
import type { Ref, ReactNode } from "react";
import { cx } from "./class-names";
import { Glyph, type GlyphShape } from "./glyph";

type Tone = "ok" | "warn" | "danger" | "accent" | "neutral" | "heal" | "sim";

export const pillStates = {
  LIVE: { glyph: "disc", tone: "ok" },
  SLOW: { glyph: "half", tone: "warn" },
  MUTE: { glyph: "ring", tone: "danger" },
  DOWN: { glyph: "cross", tone: "danger" },
  RECONNECTING: { glyph: "turn", tone: "accent" },
  AUTH_EXPIRED: { glyph: "key", tone: "warn" },
  CLOSED: { glyph: "dash", tone: "neutral" },
  STOPPED: { glyph: "square", tone: "neutral" },
  STARTING: { glyph: "turn", tone: "neutral" },
  LOGIN: { glyph: "key", tone: "neutral" },
  ERROR: { glyph: "cross", tone: "danger" },
  OFFLINE: { glyph: "ring", tone: "neutral" },
  SIM: { glyph: "diamond", tone: "sim" },
  HEALING: { glyph: "turn", tone: "heal" },
  REPLAY: { glyph: "rewind", tone: "warn" },
  "AS OF": { glyph: "past", tone: "accent" },
  DATA: { glyph: "tick", tone: "neutral" },
  HISTORY: { glyph: "past", tone: "neutral" },
} as const satisfies Record<string, { glyph: GlyphShape; tone: Tone }>;
export type PillState = keyof typeof pillStates;

const tones: Record<Tone, string> = {
  ok: "bg-ok-tint text-ok",
  warn: "bg-warn-tint text-warn",
  danger: "bg-danger-tint text-danger",
  accent: "bg-accent-tint text-accent",
  neutral: "bg-neutral-tint text-muted",
  heal: "bg-heal-tint text-heal",
  sim: "bg-sim-tint text-sim",
};
const inks: Record<Tone, string> = {
  ok: "text-ok",
  warn: "text-warn",
  danger: "text-danger",
  accent: "text-accent",
  neutral: "text-muted",
  heal: "text-heal",
  sim: "text-sim",
};

export interface PillProps {
  state: PillState;
  detail?: ReactNode;
  label?: string;
  detailRef?: Ref<HTMLSpanElement>;
  className?: string;
  title?: string;
}

export function Pill({ state, detail, label, detailRef, className, title }: PillProps) {
  const { glyph, tone } = pillStates[state];
  return (
    <span
      data-state={state}
      title={title}
      className={cx(
        "inline-flex h-[18px] shrink-0 items-center gap-[5px] rounded-sm pl-[5px] pr-1.5 text-11 whitespace-nowrap",
        tones[tone],
        className,
      )}
    >
      <Glyph shape={glyph} />
      <span className="font-semibold tracking-[0.02em]">{label ?? state}</span>
      {(detail !== undefined || detailRef !== undefined) && (
        <span ref={detailRef} className="font-[450]">
          {detail}
        </span>
      )}
    </span>
  );
}

/** The glyph of a state in its colour, without the word: rows of a table that say the word elsewhere. */
export function StateMark({ state, size = 10, className }: { state: PillState; size?: number; className?: string }) {
  const { glyph, tone } = pillStates[state];
  return <Glyph shape={glyph} size={size} className={cx(inks[tone], className)} />;
}
