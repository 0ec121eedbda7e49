import { describe, expect, it } from "vitest";
import { rawBatch, type RawBatch } from "@/server/domain/ticks/tick";
import { FirstPackets } from "./first-packets";
import { decodeFrame } from "./wire";

const QUOTE = 44;
const FULL = 184;

/** A decoded frame of packets, each a token and a length; the price says which it was. */
const batchOf = (received: number, ...packets: [token: number, length: number][]): RawBatch => {
  const frame = new Uint8Array(2 + packets.reduce((sum, [, length]) => sum + 2 + length, 0));
  const view = new DataView(frame.buffer);
  view.setInt16(0, packets.length);
  let at = 2;
  packets.forEach(([token, length], place) => {
    view.setInt16(at, length);
    view.setUint32(at + 2, token);
    view.setUint32(at + 6, place + 1);
    at += 2 + length;
  });
  const batch = rawBatch(8);
  batch.receivedTime = received;
  decodeFrame(frame, batch);
  return batch;
};
const left = (first: FirstPackets, batch: RawBatch): number[] => {
  first.filter(batch);
  return [...batch.price.subarray(0, batch.length)];
};

describe("the first packets of a subscription", () => {
  it("begin with the first full one of each token that was asked for in full; the rest of the frame stays in order", () => {
    const first = new FirstPackets();
    first.subscribed([7, 8], "full", 0);
    expect(left(first, batchOf(10, [7, QUOTE], [9, QUOTE], [8, FULL], [7, QUOTE]))).toEqual([2, 3]);
    expect(left(first, batchOf(20, [7, QUOTE], [7, FULL], [7, QUOTE], [8, QUOTE]))).toEqual([2, 3, 4]);
  });

  it("are taken as they come in the other modes, and from a broker that never sends in full", () => {
    const first = new FirstPackets();
    first.subscribed([7], "quote", 0);
    expect(left(first, batchOf(10, [7, QUOTE]))).toEqual([1]);
    first.subscribed([7], "full", 0);
    expect(left(first, batchOf(4_999, [7, QUOTE]))).toEqual([]);
    expect(left(first, batchOf(5_001, [7, QUOTE]))).toEqual([1]);
  });
});
