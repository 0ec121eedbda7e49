import { connect, createServer, type Socket } from "node:net";
import type { AddressInfo } from "node:net";

/** A proxy to a server that can be unplugged: nothing passes, and existing connections are cut. */
export interface Cable {
  /** Address of the server through the cable. */
  readonly url: string;
  unplug(): void;
  plugIn(): void;
  close(): Promise<void>;
}

/** Forwards a loopback port of its own to the server at `url`. The caller has to `close()` it. */
export async function cableTo(url: string): Promise<Cable> {
  const target = Number(new URL(url).port);
  const ends = new Set<Socket>();
  let plugged = true;
  const server = createServer((near) => {
    if (!plugged) return void near.destroy();
    const far = connect(target, "127.0.0.1");
    for (const [end, other] of [
      [near, far],
      [far, near],
    ] as const) {
      ends.add(end);
      end.on("error", () => other.destroy());
      end.on("close", () => {
        ends.delete(end);
        other.destroy();
      });
      end.pipe(other);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
  const cut = (): void => {
    for (const end of ends) end.destroy();
  };
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    unplug() {
      plugged = false;
      cut();
    },
    plugIn() {
      plugged = true;
    },
    close: () =>
      new Promise((resolve) => {
        cut();
        server.close(() => resolve());
      }),
  };
}
