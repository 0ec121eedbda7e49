import { io } from "socket.io-client";
import type { BarsFrame, BarsSnapshot, BarsSubscribe, LiveError } from "@/server/contract/live";
import { symbolOf } from "./broker";
import { monotonicMs, onOrders, tell, type Arrival } from "./wire";

/** A Socket.io client with charts of some symbols, spread over all of them; records when each frame arrived. */
export const runClient = async ({
  port,
  instruments,
  charts,
}: {
  port: number;
  instruments: number;
  charts: number;
}): Promise<void> => {
  const socket = io(`http://127.0.0.1:${port}`, { transports: ["websocket"], reconnection: false });
  await new Promise<void>((connected, failed) => {
    socket.once("connect", connected);
    socket.once("connect_error", failed);
  });
  let arrivals: Arrival[] = [];
  socket.on("bars", ({ room, seq, ltp, stamps }: BarsFrame) => {
    if (ltp !== null)
      arrivals.push({
        room,
        seq,
        price: ltp.price,
        arrived: monotonicMs(),
        received: ltp.received,
        emitted: stamps.emitted,
      });
  });
  for (let chart = 0; chart < charts; chart++) {
    const wish: BarsSubscribe = {
      key: `SIM:${symbolOf(Math.floor((chart * instruments) / charts))}`,
      timeframe: "1m",
      bars: 100,
    };
    const answer = (await socket.emitWithAck("bars.subscribe", wish)) as BarsSnapshot | LiveError;
    if ("error" in answer) throw new Error(`${wish.key}: ${answer.error.message}`);
  }
  tell({ ready: charts });
  onOrders<"take">(() => {
    const taken = arrivals;
    arrivals = [];
    tell(taken);
  });
};
