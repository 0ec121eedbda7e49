/** The candle: flame in amber, wax in the colour of text. */
export function Logo({ size = 22, className }: { size?: number; className?: string }) {
  return (
    <svg width={size} height={size} viewBox="0 0 24 24" aria-hidden focusable={false} className={className}>
      <path d="M12 2.2c1.9 2.1 2.9 3.6 2.9 5a2.9 2.9 0 0 1-5.8 0c0-1.4 1-2.9 2.9-5z" fill="var(--c-warn)" />
      <rect x="8" y="11.4" width="8" height="8" rx="1.3" fill="var(--c-text)" />
      <path d="M12 19v3" stroke="var(--c-text)" strokeWidth="1.6" strokeLinecap="round" />
    </svg>
  );
}
