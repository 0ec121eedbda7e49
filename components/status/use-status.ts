import { useEffect, useState } from "react";
import { live } from "@/components/client/live";
import type { StatusSnapshot } from "@/server/contract/live";

/** The server's status while this page is open, each second; null before the first. Survives reconnections. */
export const useStatus = (): { snapshot: StatusSnapshot | null; error: string | null } => {
  const [snapshot, setSnapshot] = useState<StatusSnapshot | null>(null);
  const [error, setError] = useState<string | null>(null);
  useEffect(() => {
    let left = false;
    const take = (next: StatusSnapshot): void => {
      if (!left) {
        setSnapshot(next);
        setError(null);
      }
    };
    const stopEvents = live().on<StatusSnapshot>("status", take);
    const stopConnections = live().onConnect(() => {
      live()
        .request<StatusSnapshot>("status.subscribe")
        .then(take, (cause: Error) => {
          if (!left) setError(cause.message);
        });
    });
    return () => {
      left = true;
      stopEvents();
      stopConnections();
      if (live().connection.get().status === "live")
        live()
          .request("status.unsubscribe")
          .catch(() => undefined); // the server forgets it with the socket anyway
    };
  }, []);
  return { snapshot, error };
};
