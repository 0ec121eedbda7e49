"use client";
import { Contrast, Eye, Link2, Moon, PanelRight, Sun } from "lucide-react";
import dynamic from "next/dynamic";
import { useRouter } from "next/navigation";
import { useEffect, useState } from "react";
import { pages } from "@/components/pages";
import { dock } from "@/components/shell/dock-state";
import { useShortcut } from "@/components/shell/shortcuts";
import { theme } from "@/components/theme/theme";
import { type Command, openPalette, registerCommands } from "./palette-store";

const Palette = dynamic(() => import("./palette").then((loaded) => loaded.Palette), { ssr: false });

/** The palette, its keys, and the commands every page has. It is loaded after the page, before anyone can want it. */
export function PaletteHost() {
  const router = useRouter();
  const [ready, setReady] = useState(false);
  useShortcut({ code: "KeyK", control: true, always: true }, () => openPalette());
  useShortcut({ code: "Slash" }, () => openPalette());
  useEffect(() => {
    const commands: Command[] = [
      { id: "theme dark", title: "Theme: Dark", icon: Moon, run: () => theme().choose("dark") },
      { id: "theme light", title: "Theme: Light", icon: Sun, run: () => theme().choose("light") },
      { id: "theme contrast", title: "Theme: High contrast", icon: Contrast, run: () => theme().choose("contrast") },
      { id: "theme system", title: "Theme: Follow the system", icon: Contrast, run: () => theme().choose("system") },
      {
        id: "cvd",
        title: "Colour-blind safe prices on or off",
        words: "color",
        icon: Eye,
        run: () => theme().setColourBlindSafe(!theme().get().colourBlindSafe),
      },
      { id: "dock", title: "Watchlist dock on or off", shortcut: "]", icon: PanelRight, run: () => dock().toggle() },
      {
        id: "link",
        title: "Copy link to this view",
        words: "url share",
        icon: Link2,
        run: () => {
          void navigator.clipboard.writeText(location.href);
        },
      },
      ...pages.flatMap(({ name, href, icon, command }) =>
        command === null ? [] : [{ id: `page ${name}`, ...command, icon, run: () => router.push(href) }],
      ),
    ];
    setReady(true);
    return registerCommands(commands);
  }, [router]);
  return ready ? <Palette /> : null;
}
