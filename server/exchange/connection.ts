import { MAX_PACKET, writePacket } from "./packet";
import type { Cursor } from "./cursor";
import type { FeedMode } from "@/server/domain/ticks/tick";
import type { WebSocket } from "ws";

/** Packets in a frame at most; their count is an int16. */
const FRAME_PACKETS = 1_000;
const FRAME_BYTES = 2 + FRAME_PACKETS * (2 + MAX_PACKET);
/** A client that reads more slowly than this loses ticks; the exchange does not wait. */
const SLOW_CLIENT_BYTES = 16 * 1_048_576;

export interface SendCounters {
  ticks: number;
  frames: number;
  bytes: number;
  slowDrops: number;
}

interface Frame {
  bytes: Uint8Array;
  view: DataView;
}
const newFrame = (): Frame => {
  const bytes = new Uint8Array(FRAME_BYTES);
  return { bytes, view: new DataView(bytes.buffer) };
};

/** One socket and its subscriptions. Packets collect in a frame until `flush`. */
export class Connection {
  readonly modes = new Map<number, FeedMode>();
  /** Machine time of the last message sent, epoch ms. */
  lastSent = 0;
  /** The connection is half open: nothing leaves it any more, and no error is reported. */
  dead = false;
  private frame = newFrame();
  private readonly free: Frame[] = [];
  private length = 2;
  private packets = 0;

  constructor(
    readonly id: number,
    readonly apiKey: string,
    readonly socket: WebSocket,
    private readonly counters: SendCounters,
    private readonly real: () => number,
  ) {}

  /** Adds the cursor's packet. */
  add(cursor: Cursor, mode: FeedMode): void {
    if (this.packets === FRAME_PACKETS) this.flush();
    const size = writePacket(this.frame.view, this.length + 2, cursor, mode);
    this.frame.view.setInt16(this.length, size);
    this.length += 2 + size;
    this.packets += 1;
  }

  /** Adds bytes as a packet: for what went wrong on the way. */
  addBytes(packet: Uint8Array): void {
    if (this.packets === FRAME_PACKETS) this.flush();
    this.frame.view.setInt16(this.length, packet.length);
    this.frame.bytes.set(packet, this.length + 2);
    this.length += 2 + packet.length;
    this.packets += 1;
  }

  /** Sends the collected packets as one frame. */
  flush(): void {
    if (this.packets === 0) return;
    const { frame, length, packets } = this;
    this.length = 2;
    this.packets = 0;
    if (!this.isOpen()) return;
    if (this.socket.bufferedAmount > SLOW_CLIENT_BYTES) {
      this.counters.slowDrops += packets;
      return;
    }
    frame.view.setInt16(0, packets);
    this.frame = this.free.pop() ?? newFrame();
    this.count(packets, length);
    // The socket may hold on to the bytes until they are written: only then the frame is used again.
    this.socket.send(frame.bytes.subarray(0, length), { binary: true, compress: false }, () => this.free.push(frame));
  }

  heartbeat(): void {
    if (!this.isOpen()) return;
    this.count(0, 1);
    this.socket.send(new Uint8Array(1), { binary: true, compress: false });
  }

  /** A frame as it is, for faults. */
  sendRaw(bytes: Uint8Array): void {
    if (this.isOpen()) this.socket.send(bytes, { binary: true, compress: false });
  }

  text(message: { type: "error" | "message"; data: string }): void {
    if (this.isOpen()) this.socket.send(JSON.stringify(message));
  }

  private isOpen(): boolean {
    return !this.dead && this.socket.readyState === this.socket.OPEN;
  }

  private count(packets: number, bytes: number): void {
    this.counters.ticks += packets;
    this.counters.frames += 1;
    this.counters.bytes += bytes;
    this.lastSent = this.real();
  }
}
