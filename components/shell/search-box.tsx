import { Search } from "lucide-react";
import { openPalette } from "@/components/palette/palette-store";
import { Icon } from "@/components/ui/icon";

/** Looks like a field, opens the palette: typing happens there. */
export function SearchBox() {
  return (
    <button
      type="button"
      onClick={() => openPalette()}
      aria-haspopup="dialog"
      aria-keyshortcuts="Control+K"
      data-testid="search-box"
      className="flex h-7 w-[200px] items-center gap-2 rounded-sm border border-line-strong/60 bg-bg px-2 text-13 text-muted transition-colors duration-[var(--dur-hover)] hover:border-line-strong hover:text-text max-lg:w-40"
    >
      <Icon of={Search} />
      <span className="flex-1 text-left">Search</span>
      <kbd className="flex h-[18px] items-center rounded-sm border border-line-strong bg-selected px-1.5 font-sans text-11 font-medium text-text-2">
        Ctrl K
      </kbd>
    </button>
  );
}
