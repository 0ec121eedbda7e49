/** `<Glyph shape="disc" />`: the 10 px marks of states. Each has a shape of its own, so that no state is shown by colour alone. */
export const glyphShapes = [
  "disc",
  "half",
  "ring",
  "turn",
  "key",
  "dash",
  "square",
  "cross",
  "diamond",
  "tick",
  "rewind",
  "past",
] as const;
export type GlyphShape = (typeof glyphShapes)[number];

const drawings: Record<GlyphShape, React.ReactNode> = {
  disc: <circle cx="5" cy="5" r="3.5" fill="currentColor" stroke="none" />,
  half: (
    <>
      <circle cx="5" cy="5" r="3.4" />
      <path d="M5 1.6a3.4 3.4 0 0 1 0 6.8z" fill="currentColor" stroke="none" />
    </>
  ),
  ring: <circle cx="5" cy="5" r="3.2" />,
  turn: <path d="M8.3 5A3.3 3.3 0 1 1 7.2 2.5L8.5 3.6M8.6 1.3v2.4H6.2" />,
  key: (
    <>
      <circle cx="2.9" cy="5" r="1.8" />
      <path d="M4.7 5h4.3M7.3 5v1.7" />
    </>
  ),
  dash: <path d="M1.5 5h7" strokeWidth="1.7" />,
  square: <rect x="1.8" y="1.8" width="6.4" height="6.4" rx="0.6" fill="currentColor" stroke="none" />,
  cross: <path d="m2.2 2.2 5.6 5.6M7.8 2.2 2.2 7.8" strokeWidth="1.7" />,
  diamond: <path d="M5 1.1 8.9 5 5 8.9 1.1 5z" />,
  tick: <path d="m1.7 5.4 2.2 2.2 4.4-5" strokeWidth="1.5" />,
  rewind: <path d="M4.6 2 1.2 5l3.4 3zM8.8 2 5.4 5l3.4 3z" strokeLinejoin="round" />,
  past: <path d="M1.8 5a3.3 3.3 0 1 0 1-2.4L1.5 3.8M1.4 1.4v2.5h2.4M5 3.2V5l1.3.9" />,
};

export function Glyph({ shape, size = 10, className }: { shape: GlyphShape; size?: number; className?: string }) {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 10 10"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.4"
      strokeLinecap="round"
      aria-hidden
      focusable={false}
      className={className}
    >
      {drawings[shape]}
    </svg>
  );
}
