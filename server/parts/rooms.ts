/** Charts and watchlists: which client gets what. */
import type { Base } from "./base";
import type { DeskPart } from "./desk";
import type { Part } from "./lifecycle";
import { BoardLane } from "@/server/web/board-lane";
import { Hub } from "@/server/web/hub";
import { Peers } from "@/server/web/peers";

export type Rooms = ReturnType<typeof createRooms>;

export const createRooms = ({ clock, wall, metrics, events }: Base, { desk }: DeskPart) => {
  const peers = new Peers(wall);
  const hub = new Hub({ desk, transport: peers, clock, wall, meter: metrics });
  const board = new BoardLane({ desk, clock, wall, meter: metrics });
  events.on("barsChanged", ({ instrument, from, to }) => hub.changed(instrument, from, to));
  const lifecycle: Part[] = [
    { name: "watchlists", start: () => board.start(), stop: () => board.stop() },
    { name: "charts", stop: () => hub.stop() },
  ];
  return { peers, hub, board, lifecycle };
};
