"use client";
import { useFeed } from "@/components/client/feed";
import { useNow } from "@/components/client/now";
import { Pill } from "@/components/ui/pill";
import { clockText } from "@/components/format/times";

/** Says that what moves is a recording, and where in it we are; nothing otherwise. */
export function ReplayPill() {
  const replay = useFeed()?.replay === true;
  const now = useNow();
  return replay ? <Pill state="REPLAY" detail={now === null ? "" : clockText(now)} /> : null;
}
