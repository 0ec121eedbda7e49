"use client";
import type { ReactNode } from "react";
import { PaletteHost } from "@/components/palette/palette-host";
import { theme } from "@/components/theme/theme";
import { TooltipProvider } from "@/components/ui/tooltip";
import { ShortcutDialog } from "./shortcut-dialog";
import { useShortcut } from "./shortcuts";

/** What every page shares: tooltips, the palette and the keys that work anywhere. */
export function Providers({ children }: { children: ReactNode }) {
  useShortcut({ code: "KeyT", alt: true, shift: true }, () => theme().cycle());
  return (
    <TooltipProvider>
      {children}
      <PaletteHost />
      <ShortcutDialog />
    </TooltipProvider>
  );
}
