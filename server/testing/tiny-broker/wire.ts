/** Tiny's frames: packets of twelve bytes one after the other and nothing else: token, price in paise, volume of the day. */
import { type Framing, type RawBatch, rawBatch } from "@/server/domain/ticks/tick";

export const BYTES = 12;

/** Nothing stands in front of a packet. */
const framing: Framing = { prefix: 0, length: () => BYTES };

/** Packets that were read; what follows the last whole one is not. */
export const decode = (frame: Uint8Array, batch: RawBatch): number => {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  const rows = Math.floor(frame.byteLength / BYTES);
  if (rows > batch.token.length) Object.assign(batch, { ...rawBatch(rows), collector: batch.collector });
  for (let row = 0; row < rows; row++) {
    batch.token[row] = view.getUint32(row * BYTES);
    batch.price[row] = view.getInt32(row * BYTES + 4);
    batch.volume[row] = view.getUint32(row * BYTES + 8);
    batch.exchangeTime[row] = 0;
    batch.openInterest[row] = -1;
    batch.offset[row] = row * BYTES;
  }
  Object.assign(batch, { length: rows, frame, framing });
  return rows;
};
