"use client";
import type { ReactNode } from "react";
import { theme } from "@/components/theme/theme";
import { TooltipProvider } from "@/components/ui/tooltip";
import { useShortcut } from "./shortcuts";

/** What every page shares: tooltips and the keys that work anywhere. */
export function Providers({ children }: { children: ReactNode }) {
  useShortcut({ code: "KeyT", alt: true, shift: true }, () => theme().cycle());
  return <TooltipProvider>{children}</TooltipProvider>;
}
