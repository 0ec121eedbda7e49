import { type FormEvent, useState } from "react";
import { handOverToken } from "@/components/client/api";
import { Button } from "@/components/ui/button";
import type { FeedTruth } from "@/server/domain/ticks/collector";

type Outcome = { good: boolean; text: string } | null;

/** What to do about a login that has expired, and the door for what the broker wants anew every day. */
export function LoginForm({ feed }: { feed: FeedTruth }) {
  const [given, setGiven] = useState<Record<string, string>>({});
  const [busy, setBusy] = useState(false);
  const [outcome, setOutcome] = useState<Outcome>(null);
  const valueOf = (field: string): string => (given[field] ?? "").trim();
  const send = (event: FormEvent): void => {
    event.preventDefault();
    setBusy(true);
    handOverToken(feed.collector, Object.fromEntries(feed.daily.map(({ field }) => [field, valueOf(field)])))
      .then(
        ({ checked }) => {
          setGiven({});
          setOutcome({
            good: true,
            text: checked
              ? "The broker accepted the token. Connecting…"
              : "Token saved, but the broker could not be reached to check it.",
          });
        },
        (cause: Error) => setOutcome({ good: false, text: cause.message }),
      )
      .finally(() => setBusy(false));
  };
  const how = feed.simulated
    ? "The simulated exchange accepts the token candela-demo-token once its fault has ended."
    : "Log in with the broker and enter today's access token here.";
  return (
    <section
      aria-label={`Log in to ${feed.collector}`}
      data-testid="login-form"
      className="border-b border-line px-4 py-3"
    >
      <h2 className="text-13 font-semibold">{feed.collector}: the access token has expired</h2>
      <p className="mt-0.5 text-12 text-muted">
        {how} The token is stored encrypted and never shown again. From the command line: npm run candela -- login{" "}
        {feed.collector}
      </p>
      <form onSubmit={send} className="mt-2 flex flex-wrap items-center gap-2">
        {feed.daily.map(({ field, title }) => (
          <label key={field} className="flex max-w-full flex-wrap items-center gap-2 text-12">
            {title}
            <input
              type="password"
              autoComplete="off"
              spellCheck={false}
              value={given[field] ?? ""}
              onChange={(event) => setGiven({ ...given, [field]: event.target.value })}
              className="h-8 w-72 max-w-full rounded-sm border border-line bg-bg px-2 text-13"
            />
          </label>
        ))}
        <Button type="submit" kind="primary" disabled={busy || feed.daily.some(({ field }) => valueOf(field) === "")}>
          {busy ? "Checking with the broker…" : "Use token"}
        </Button>
        {outcome !== null && (
          <p role="status" className={outcome.good ? "text-12 text-muted" : "text-12 text-danger"}>
            {outcome.text}
          </p>
        )}
      </form>
    </section>
  );
}
