import type { Session } from "@/server/domain/time/session";

/** When a trading day's bar is final: its last phase in which anything trades, closing auction and post-close included. */
export const dayEnd = (session: Session): number => {
  let end = session.close;
  for (const { phase, to } of session.phases)
    if (to > end && (phase === "closing_auction" || phase === "closing_matching" || phase === "post_close")) end = to;
  return end;
};
