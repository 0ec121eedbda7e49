import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { loadConfig } from "@/server/config";
import { createContainer } from "@/server/container";
import { AppError } from "@/server/domain/basics/errors";
import { createLog } from "@/server/observe/log";
import { systemClock } from "@/server/observe/clock";
import { createStore } from "@/server/store";
import { meterOfUse, onOrders, tell } from "./wire";

/**
 * The app as `server/main.ts` makes it, from its environment, without pages: the same container, store, pipeline and
 * Socket.io, on an http server of its own. A collector for everything the broker lists is stored first.
 */
export const runApp = async (root: string): Promise<void> => {
  const config = loadConfig(root, [], false);
  if (config.feed.kind !== "broker") throw new AppError("internal", "the bench's app reads a Kite feed");
  const clock = systemClock();
  const store = createStore({
    databaseUrl: config.databaseUrl,
    dataDir: config.dataDir,
    log: createLog(config.logLevel),
    clock,
    workerFile: path.join(root, "server/store/pglite-worker.mjs"),
    migrationsDir: path.join(root, "prisma/migrations"),
  });
  const stopping = new AbortController();
  await store.start(stopping.signal);
  await store.collectors.save(
    { name: "kite-1", feed: "kite", autoStart: true, mode: "full", subscriptions: ["*"] },
    config.feed.login,
  );
  await store.stop();

  const container = await createContainer(config, () => {});
  const server = createServer();
  container.sockets.attach(server);
  await new Promise<void>((listening) => {
    server.listen(0, "127.0.0.1", listening);
  });
  await container.start(stopping.signal);
  tell({ port: (server.address() as AddressInfo).port });

  const use = meterOfUse();
  onOrders<"use" | "stop">(async (order) => {
    if (order === "stop") {
      await container.stop();
      process.exit(0);
    }
    const rejected = Object.values(container.rejects()).reduce((sum, count) => sum + count, 0);
    tell({ ...use(), rejected, leftOut: container.peers.conflated + container.peers.dropped });
  });
};
