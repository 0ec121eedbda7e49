import { MAX_PACKET, writePacket } from "./packet";
import { bitsAt } from "./hash";
import type { Connection } from "./connection";
import type { Cursor } from "./cursor";
import type { Faults } from "./faults";
import type { FeedMode } from "@/server/domain/ticks/tick";

/** Puts packets on the line the way a bad day would. */
export interface FaultyLine {
  /** Sends, changes, holds or loses the cursor's packet. */
  add(connection: Connection, cursor: Cursor, mode: FeedMode): void;
  /** Adds the packets whose wait is over. */
  release(): void;
  reset(): void;
}

/** Empty, a count of no packets, a count without its packets, and bytes after a frame of none. */
const SHORT_FRAMES = [[], [0, 0], [0, 1], [0, 0, 1, 2, 3]].map((bytes) => Uint8Array.from(bytes));
const VOLUME_AT = 16;
/** Seconds a `future_time` packet is ahead. */
const AHEAD_S = 3_600;

export const faultyLine = (faults: Faults, real: () => number): FaultyLine => {
  let late: { connection: Connection; bytes: Uint8Array; at: number }[] = [];
  const swapped = new Map<string, Uint8Array>();
  let garbled = 0;

  const spoil = (view: DataView, size: number, cursor: Cursor): void => {
    if (faults.hits("zero_price", cursor) !== null) view.setInt32(4, 0);
    if (size >= 44 && faults.hits("volume_back", cursor) !== null)
      view.setUint32(VOLUME_AT, Math.floor(cursor.volume * 0.9));
    const timeAt = size === 184 ? 60 : size === 32 ? 28 : -1;
    if (timeAt < 0) return;
    if (faults.hits("zero_time", cursor) !== null) view.setInt32(timeAt, 0);
    if (faults.hits("future_time", cursor) !== null) view.setInt32(timeAt, Math.floor(cursor.time / 1_000) + AHEAD_S);
  };

  /** In turn: a packet of unknown length, and a frame that ends inside its packet. */
  const garble = (connection: Connection): void => {
    const noise = Uint8Array.from({ length: 20 }, (_, at) => bitsAt(garbled, at) & 255);
    garbled += 1;
    if (garbled % 2 === 1) connection.addBytes(noise);
    else connection.sendRaw(Uint8Array.from([0, 1, 0, 184, ...noise]));
  };

  return {
    add(connection, cursor, mode) {
      if (
        faults.hits("mute", cursor) !== null ||
        faults.active("silent") !== null ||
        faults.hits("drop", cursor) !== null
      )
        return;
      const bytes = new Uint8Array(MAX_PACKET);
      const view = new DataView(bytes.buffer);
      const size = writePacket(view, 0, cursor, mode);
      spoil(view, size, cursor);
      const packet = bytes.subarray(0, size);
      const delay = faults.hits("lag", cursor) ?? faults.hits("late", cursor);
      if (delay !== null) {
        late.push({ connection, bytes: packet, at: real() + delay.delayMs });
        return;
      }
      const name = `${connection.id}:${cursor.listing.token}`;
      const held = swapped.get(name);
      if (held === undefined && faults.hits("reorder", cursor) !== null) {
        swapped.set(name, packet);
        return;
      }
      connection.addBytes(packet);
      if (held !== undefined) {
        swapped.delete(name);
        connection.addBytes(held);
      }
      if (faults.hits("duplicate", cursor) !== null) connection.addBytes(packet);
      if (faults.hits("garbage", cursor) !== null) garble(connection);
      if (faults.hits("short_frames", cursor) !== null) for (const frame of SHORT_FRAMES) connection.sendRaw(frame);
    },
    release() {
      const now = real();
      for (const { connection, bytes, at } of late) if (at <= now) connection.addBytes(bytes);
      late = late.filter(({ at }) => at > now);
    },
    reset() {
      late = [];
      swapped.clear();
    },
  };
};
