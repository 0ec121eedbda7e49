import { describe, expect, it } from "vitest";
import type { Server, Socket } from "socket.io";
import type { Clock } from "@/server/ports/clock";
import { BACKLOG_MS, Peers, PER_SECOND } from "./peers";

const BURST = 60;
const BACKLOG = 64;

/** Clients whose sockets hold as many unread frames as the test says; what is sent is kept by client. */
const rig = () => {
  let now = 1_000_000;
  const sockets = new Map<string, Socket>();
  const rooms = new Map<string, Set<string>>();
  const waiting = new Map<string, number>();
  const got: [client: string, event: string, frame: unknown][] = [];
  const cut: string[] = [];
  const peers = new Peers({ now: () => now } as Clock);
  const to = (room: string, except: readonly string[] = []) => ({
    except: (clients: readonly string[]) => to(room, clients),
    emit: (event: string, frame: unknown) => {
      for (const id of rooms.get(room) ?? []) if (!except.includes(id)) got.push([id, event, frame]);
    },
  });
  peers.carryBy({ sockets: { sockets, adapter: { rooms } }, to } as unknown as Server);
  return {
    peers,
    got,
    cut,
    pass: (ms: number) => (now += ms),
    unread: (id: string, frames: number) => waiting.set(id, frames),
    enter(id: string, room: string) {
      const socket = {
        id,
        conn: {
          get writeBuffer() {
            return Array.from({ length: waiting.get(id) ?? 0 });
          },
        },
        emit: (event: string, frame: unknown) => got.push([id, event, frame]) > 0,
        disconnect: (isClosing: boolean) => cut.push(`${id} ${isClosing}`),
      } as unknown as Socket;
      sockets.set(id, socket);
      rooms.set(room, (rooms.get(room) ?? new Set()).add(id));
      return { socket, signal: peers.enter(socket) };
    },
  };
};

describe("a client that does not read", () => {
  it("is left out of its room's frames above the backlog, and the others are not", () => {
    const { peers, got, enter, unread } = rig();
    enter("slow", "chart");
    enter("quick", "chart");
    enter("elsewhere", "other");
    unread("slow", BACKLOG);
    peers.toRoom("chart", "bars", 1);
    unread("slow", BACKLOG + 1);
    peers.toRoom("chart", "bars", 2);
    unread("slow", 0);
    peers.toRoom("chart", "bars", 3);
    expect(got).toEqual([
      ["slow", "bars", 1],
      ["quick", "bars", 1],
      ["quick", "bars", 2],
      ["slow", "bars", 3],
      ["quick", "bars", 3],
    ]);
    expect(peers.conflated).toBe(1);
  });

  it("is not sent its watchlist either, and the sender is told", () => {
    const { peers, got, enter, unread } = rig();
    const { socket } = enter("slow", "chart");
    expect(peers.toClient(socket, "quotes", 1)).toBe(true);
    unread("slow", BACKLOG + 1);
    expect(peers.toClient(socket, "quotes", 2)).toBe(false);
    expect([got, peers.conflated]).toEqual([[["slow", "quotes", 1]], 1]);
  });

  it("is disconnected when it has been behind for five seconds on end, and counted; who reads again is not", () => {
    const { peers, cut, enter, unread, pass } = rig();
    for (const id of ["slow", "again", "quick"]) enter(id, "chart");
    const told: string[] = [];
    const second = (): void => {
      peers.dropDeaf((id) => told.push(id));
      pass(1_000);
    };
    expect(BACKLOG_MS).toBe(5_000);
    for (const id of ["slow", "again"]) unread(id, BACKLOG + 1);
    for (let at = 0; at < 3; at++) second();
    unread("again", 3);
    second();
    unread("again", BACKLOG + 1);
    second();
    expect(cut, "four seconds are not five").toEqual([]);
    second();
    expect([cut, told, peers.dropped]).toEqual([["slow true"], ["slow"], 1]);
  });
});

describe("what a client may ask", () => {
  it("is a burst, then so many a second, each client by itself", () => {
    const { peers, enter, pass } = rig();
    enter("one", "a");
    enter("two", "a");
    const allowed = (id: string, tries = 200): number =>
      Array.from({ length: tries }, () => peers.allow(id)).filter(Boolean).length;
    expect([allowed("one"), allowed("two", 10)]).toEqual([BURST, 10]);
    pass(1_000);
    expect([allowed("one"), allowed("two")]).toEqual([PER_SECOND, BURST]);
    pass(49);
    expect(allowed("one"), "a twentieth of a second brings one").toBe(0);
    pass(1);
    expect(allowed("one")).toBe(1);
    // Who was silent for an hour may not ask for an hour's worth.
    pass(3_600_000);
    expect(allowed("one", 1_000)).toBe(BURST);
    expect(peers.allow("stranger")).toBe(false);
  });
});

describe("a client that leaves", () => {
  it("is counted no more, and what is under way for it hears of it", () => {
    const { peers, enter } = rig();
    const one = enter("one", "a");
    const two = enter("two", "a");
    expect([peers.clients, peers.get("one")]).toEqual([2, expect.objectContaining({ underWay: 0 })]);
    peers.leave("one");
    peers.leave("one");
    expect([peers.clients, peers.get("one"), one.signal.aborted, two.signal.aborted]).toEqual([
      1,
      undefined,
      true,
      false,
    ]);
    expect((one.signal.reason as Error).message).toBe("the client disconnected");
  });

  it("with the server gets nothing any more, and that is no error", () => {
    const { peers, got, enter } = rig();
    enter("one", "a");
    peers.carryBy(null);
    peers.toRoom("a", "bars", 1);
    peers.dropDeaf(() => {});
    expect(got).toEqual([]);
  });
});
