/** What of a text the typed words found: for bold letters, and for finding commands. */

export interface Piece {
  text: string;
  hit: boolean;
}

const wordsOf = (typed: string): string[] => typed.toLowerCase().split(/\s+/).filter(Boolean);

/** Where a word occurs in a text, preferably at the start of one of its words; -1 if it does not occur. */
const placeOf = (text: string, word: string): number => {
  const lower = text.toLowerCase();
  for (let at = lower.indexOf(word); at !== -1; at = lower.indexOf(word, at + 1)) {
    if (at === 0 || /[^a-z0-9]/.test(lower[at - 1]!)) return at;
  }
  return lower.indexOf(word);
};

/** The text in pieces, typed words marked. */
export const highlight = (text: string, typed: string): Piece[] => {
  const marked = new Array<boolean>(text.length).fill(false);
  for (const word of wordsOf(typed)) {
    const at = placeOf(text, word);
    if (at !== -1) marked.fill(true, at, at + word.length);
  }
  const pieces: Piece[] = [];
  for (let at = 0; at < text.length; at++) {
    const last = pieces.at(-1);
    if (last !== undefined && last.hit === marked[at]) last.text += text[at];
    else pieces.push({ text: text[at]!, hit: marked[at]! });
  }
  return pieces;
};

/** True when each typed word begins a word of the text, in any order. */
export const matchesWords = (text: string, typed: string): boolean => {
  const lower = ` ${text.toLowerCase()}`;
  return wordsOf(typed).every(
    (word) => lower.includes(` ${word}`) || lower.includes(`-${word}`) || lower.includes(`(${word}`),
  );
};

export type Scope = "all" | "commands" | "lists" | "exchange";
export interface Typed {
  scope: Scope;
  text: string;
  /** Exchange of scope `exchange`, upper case; "" while it is still being typed. */
  exchange: string;
}

/** `> log` commands, `@ bank` lists, `:nfo nifty` one exchange, anything else everything. */
export const parseTyped = (typed: string): Typed => {
  const rest = typed.slice(1).trimStart();
  if (typed.startsWith(">")) return { scope: "commands", text: rest, exchange: "" };
  if (typed.startsWith("@")) return { scope: "lists", text: rest, exchange: "" };
  if (typed.startsWith(":")) {
    const match = /^(\S*)\s*(.*)$/.exec(rest)!;
    return { scope: "exchange", text: match[2]!, exchange: match[1]!.toUpperCase() };
  }
  return { scope: "all", text: typed.trim(), exchange: "" };
};
