import { RefreshCw, WifiOff } from "lucide-react";
import { useEffect, useState, useSyncExternalStore } from "react";
import { catchUp, type CatchUp } from "@/components/client/catch-up";
import { useConnection } from "@/components/client/connection";
import { feed } from "@/components/client/feed";
import { live } from "@/components/client/live";
import { spanText, untilText } from "@/components/format/times";
import { NoticeStrip } from "@/components/ui/notice-strip";
import { shownUntil } from "./shown-until";

/** Shorter interruptions are not shown. */
const PATIENCE_MS = 900;
/** Minimum display time of "Catching up", so that it can be read. */
const READABLE_MS = 900;

const nothing: CatchUp = { awayMs: null, pending: 0 };
const useCatchUp = (): CatchUp =>
  useSyncExternalStore(
    (listener) => catchUp().subscribe(listener),
    () => catchUp().get(),
    () => nothing,
  );

type Notice = { kind: "offline"; until: number | null } | { kind: "catching-up"; awayMs: number } | null;

/** One strip for both: server gone, then catching up, in the same place, so that the page moves once each way. */
export function ConnectionStrip() {
  const { status } = useConnection();
  const { awayMs, pending } = useCatchUp();
  const [notice, setNotice] = useState<Notice>(null);
  useEffect(() => {
    if (status === "offline") {
      const until = shownUntil(feed().get(), live().connection.get());
      const timer = setTimeout(() => setNotice({ kind: "offline", until }), PATIENCE_MS);
      return () => clearTimeout(timer);
    }
    if (status === "live" && awayMs !== null && pending > 0) {
      setNotice((shown) => (shown === null ? null : { kind: "catching-up", awayMs }));
      return undefined;
    }
    if (status !== "live") return undefined;
    const timer = setTimeout(() => setNotice(null), READABLE_MS);
    return () => clearTimeout(timer);
  }, [status, awayMs, pending]);
  if (notice === null) return null;
  if (notice.kind === "catching-up")
    return (
      <NoticeStrip tone="accent" icon={RefreshCw}>
        Catching up {spanText(notice.awayMs).replace(/\.\d/, "")}
      </NoticeStrip>
    );
  return (
    <div data-testid="offline-strip">
      <NoticeStrip tone="warn" icon={WifiOff} urgent>
        {notice.until === null ? (
          "Cannot reach the server. Retrying…"
        ) : (
          <>
            Disconnected from server, showing data until{" "}
            <b className="font-semibold">{untilText(notice.until, live().now())}</b>. Retrying…
          </>
        )}
      </NoticeStrip>
    </div>
  );
}
