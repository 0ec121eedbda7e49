/**
 * `<Segmented label="Timeframe" value="5m" options={[{ value: "1m", label: "1m" }]} onChange={…} />`: chips of which one is on.
 *   size  `md` 28 px at 13 px in bars, `sm` 20 px at 12 px in the chart's foot, `touch` 32 by 44 on a phone
 */
import { cx } from "./class-names";

export interface SegmentedOption<V extends string> {
  value: V;
  label: string;
  /** Said in full where the label is short. */
  title?: string;
  disabled?: boolean;
}

export interface SegmentedProps<V extends string> {
  label: string;
  value: V | null;
  options: readonly SegmentedOption<V>[];
  onChange: (value: V) => void;
  size?: "md" | "sm" | "touch";
  className?: string;
}

const sizes = { md: "h-7 px-2 text-13", sm: "h-5 px-1.5 text-12", touch: "h-8 min-w-11 px-2 text-13" };

export function Segmented<V extends string>({
  label,
  value,
  options,
  onChange,
  size = "md",
  className,
}: SegmentedProps<V>) {
  return (
    <div role="group" aria-label={label} className={cx("flex shrink-0 items-center gap-0.5", className)}>
      {options.map((option) => (
        <button
          key={option.value}
          type="button"
          title={option.title}
          disabled={option.disabled}
          aria-pressed={option.value === value}
          onClick={() => onChange(option.value)}
          className={cx(
            "inline-flex items-center justify-center rounded-sm font-medium whitespace-nowrap transition-colors duration-[var(--dur-hover)] disabled:bg-transparent disabled:text-disabled",
            sizes[size],
            option.value === value
              ? "bg-selected font-semibold text-text"
              : "text-muted hover:bg-hover hover:text-text",
          )}
        >
          {option.label}
        </button>
      ))}
    </div>
  );
}
