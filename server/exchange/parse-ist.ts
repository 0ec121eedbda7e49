const WRITTEN = /^(\d{4}-\d{2}-\d{2})(?:[ T](\d{2}:\d{2}(?::\d{2})?))?$/;

/** Epoch ms of `YYYY-MM-DD[ hh:mm[:ss]]` in IST; `bareTime` fills in for a date alone. Null when it is neither. */
export const parseIst = (text: string, bareTime: string): number | null => {
  const match = WRITTEN.exec(text.trim());
  if (match === null) return null;
  const time = match[2] ?? bareTime;
  const instant = Date.parse(`${match[1]}T${time.length === 5 ? `${time}:00` : time}+05:30`);
  return Number.isNaN(instant) ? null : instant;
};
