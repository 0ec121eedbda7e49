import type { FeedMode, RawBatch } from "@/server/domain/ticks/tick";
import { isFullPacket } from "./wire";

/** A token that is incomplete by then will not be completed; the received part is used. */
const PATIENCE_MS = 5_000;

/**
 * Kite subscribes in quote mode and changes the mode with the next message: until it has read that one, packets come without
 * a time of their own. They would be put into seconds by our clock, beside those that the exchange has dated. A token asked for in
 * full therefore begins with its first full packet.
 */
export class FirstPackets {
  private readonly awaited = new Set<number>();
  private patience = 0;

  subscribed(tokens: readonly number[], mode: FeedMode, now: number): void {
    if (mode !== "full") return;
    for (const token of tokens) this.awaited.add(token);
    this.patience = now + PATIENCE_MS;
  }

  /** Takes the rows out of a batch that came too early. */
  filter(batch: RawBatch): void {
    const { awaited } = this;
    if (awaited.size === 0) return;
    if (batch.receivedTime > this.patience) return awaited.clear();
    let kept = 0;
    for (let row = 0; row < batch.length; row++) {
      const token = batch.token[row]!;
      if (awaited.has(token) && !isFullPacket(batch.frame!, batch.offset[row]!)) continue;
      awaited.delete(token);
      if (kept !== row)
        for (const column of [
          batch.token,
          batch.price,
          batch.volume,
          batch.exchangeTime,
          batch.openInterest,
          batch.offset,
        ])
          column[kept] = column[row]!;
      kept++;
    }
    batch.length = kept;
  }
}
