import { setMaxListeners } from "node:events";
import type { Server, Socket } from "socket.io";
import type { Clock } from "@/server/ports/clock";
import type { Transport } from "./hub";

/** Requests a client may make at once and per second. */
const BURST = 60;
export const PER_SECOND = 20;
/** Frames waiting in a client's socket: above this its chart frames are left out (it sees the missing number and asks again). */
const BACKLOG = 64;
export const BACKLOG_MS = 5_000;

export const GONE = "the client disconnected";

interface Peer {
  tokens: number;
  at: number;
  behindSince: number | null;
  underWay: number;
  gone: AbortController;
}

/** The clients there are, what each may still ask, and whether it reads what it is sent. Carries frames to rooms of them. */
export class Peers implements Transport {
  private io: Server | null = null;
  private readonly peers = new Map<string, Peer>();
  /** Frames left out because their client was behind. */
  conflated = 0;
  /** Clients disconnected because they did not read. */
  dropped = 0;

  constructor(private readonly wall: Clock) {}

  get clients(): number {
    return this.peers.size;
  }

  /** The server whose sockets they are; null once it is closed. */
  carryBy(io: Server | null): void {
    this.io = io;
  }

  /** The signal aborts when the client disconnected. */
  enter(socket: Socket): AbortSignal {
    const gone = new AbortController();
    // Node warns of more than ten listeners, and each request under way is one.
    setMaxListeners(0, gone.signal);
    this.peers.set(socket.id, { tokens: BURST, at: this.wall.now(), behindSince: null, underWay: 0, gone });
    return gone.signal;
  }

  leave(id: string): void {
    this.peers.get(id)?.gone.abort(new Error(GONE));
    this.peers.delete(id);
  }

  get(id: string): { underWay: number } | undefined {
    return this.peers.get(id);
  }

  toRoom(room: string, event: string, frame: unknown): void {
    if (this.io === null) return;
    const behind: string[] = [];
    for (const id of this.io.sockets.adapter.rooms.get(room) ?? []) if (this.isBehind(id)) behind.push(id);
    this.conflated += behind.length;
    (behind.length === 0 ? this.io.to(room) : this.io.to(room).except(behind)).emit(event, frame);
  }

  /** Sends to one client; false where it is behind, and the frame is left out. */
  toClient(socket: Socket, event: string, frame: unknown): boolean {
    if (!this.isBehind(socket.id)) return socket.emit(event, frame);
    this.conflated++;
    return false;
  }

  /** Takes one request of what the client may ask; false where nothing is left. */
  allow(id: string): boolean {
    const peer = this.peers.get(id);
    if (peer === undefined) return false;
    const now = this.wall.now();
    peer.tokens = Math.min(BURST, peer.tokens + ((now - peer.at) / 1_000) * PER_SECOND);
    peer.at = now;
    if (peer.tokens < 1) return false;
    peer.tokens--;
    return true;
  }

  /** Disconnects clients that have not read for `BACKLOG_MS`. To be called every second. */
  dropDeaf(told: (id: string) => void): void {
    const now = this.wall.now();
    for (const [id, peer] of this.peers) {
      peer.behindSince = this.isBehind(id) ? (peer.behindSince ?? now) : null;
      if (peer.behindSince === null || now - peer.behindSince < BACKLOG_MS) continue;
      this.dropped++;
      told(id);
      this.io?.sockets.sockets.get(id)?.disconnect(true);
    }
  }

  private isBehind(id: string): boolean {
    const connection = this.io?.sockets.sockets.get(id)?.conn as unknown as { writeBuffer?: unknown[] } | undefined;
    return (connection?.writeBuffer?.length ?? 0) > BACKLOG;
  }
}
