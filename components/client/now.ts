import { useEffect, useState } from "react";
import { live } from "./live";

/**
 * The server's time, renewed each `intervalMs` on whole multiples, so that clocks of one page turn together.
 * null while rendering on the server.
 */
export const useNow = (intervalMs = 1_000): number | null => {
  const [now, setNow] = useState<number | null>(null);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout>;
    const turn = (): void => {
      const time = live().now();
      setNow(time);
      timer = setTimeout(turn, intervalMs - (time % intervalMs) + 5);
    };
    turn();
    return () => clearTimeout(timer);
  }, [intervalMs]);
  return now;
};
