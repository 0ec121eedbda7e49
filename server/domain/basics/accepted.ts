/** What a field takes, in words, where its schema does not say it itself: a person reads it after "use". */

/** As much of a zod issue as is looked at: the domain knows no packages. */
interface RefusedBy {
  code?: string | undefined;
  expected?: string | undefined;
  origin?: string | undefined;
  minimum?: unknown;
  maximum?: unknown;
  inclusive?: boolean | undefined;
  values?: readonly unknown[] | undefined;
  divisor?: unknown;
}

const kinds: Readonly<Record<string, string>> = {
  string: "a text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  object: "an object",
  record: "an object",
  date: "a date",
  null: "nothing",
};
const sized = (origin: string | undefined, bound: string): string =>
  origin === "string"
    ? `text of ${bound} characters`
    : origin === "array" || origin === "set"
      ? `a list of ${bound}`
      : `${bound} fields`;
const isCounted = (origin: string | undefined): boolean =>
  origin === "string" || origin === "array" || origin === "set" || origin === "object" || origin === "map";

/** Passed to every `safeParse` whose errors people may read. Undefined where the schema has its own message. */
export const acceptedBy = (issue: RefusedBy): string | undefined => {
  const { code, origin, minimum, maximum, inclusive = true } = issue;
  switch (code) {
    case "invalid_type":
      return kinds[issue.expected ?? ""] ?? "another kind of value";
    case "invalid_value":
      return (issue.values ?? []).map(String).join(", ");
    case "too_small":
      return isCounted(origin)
        ? sized(origin, `at least ${String(minimum)}`)
        : inclusive
          ? `${String(minimum)} or more`
          : `more than ${String(minimum)}`;
    case "too_big":
      return isCounted(origin)
        ? sized(origin, `at most ${String(maximum)}`)
        : inclusive
          ? `${String(maximum)} or less`
          : `less than ${String(maximum)}`;
    case "not_multiple_of":
      return `a multiple of ${String(issue.divisor)}`;
    case "unrecognized_keys":
      return "no other fields";
    case "custom":
      return undefined;
    default:
      return "a value of another form";
  }
};
