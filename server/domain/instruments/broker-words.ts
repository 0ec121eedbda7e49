const MOST = 200;
/** Long runs of letters and digits that hold both: tokens, keys, checksums. Words and numbers of an answer are none. */
const SECRET_LIKE = /\b(?=[A-Za-z0-9]*\d)(?=[A-Za-z0-9]*[A-Za-z])[A-Za-z0-9]{16,}\b/g;

/** Makes a broker's text fit for display and logs: one line, no secrets, bounded length. */
export const brokerWords = (text: string, secrets: readonly (string | undefined)[]): string => {
  let shown = text.slice(0, 20 * MOST);
  // The longest first: a key may be the beginning of a token.
  const known = secrets.filter((secret) => secret !== undefined && secret.length >= 4) as string[];
  for (const secret of known.sort((a, b) => b.length - a.length)) shown = shown.replaceAll(secret, "…");
  shown = shown
    .replaceAll(/[\p{Cc}\p{Cs}\s]+/gu, " ")
    .replaceAll(SECRET_LIKE, "…")
    .trim();
  return shown.length > MOST ? `${shown.slice(0, MOST - 1)}…` : shown;
};
