"use client";
import { useEffect, useState } from "react";
import { registerCommands } from "@/components/palette/palette-store";
import { Dialog } from "@/components/ui/dialog";
import { Kbd } from "@/components/ui/kbd";
import { shortcutGroups } from "./shortcut-list";
import { isTyping } from "./shortcuts";

/** The list of keys, opened by `?` wherever one does not type. By what the key types: keyboards have it in different places. */
export function ShortcutDialog() {
  const [open, setOpen] = useState(false);
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (
        event.defaultPrevented ||
        event.key !== "?" ||
        event.ctrlKey ||
        event.metaKey ||
        event.altKey ||
        isTyping(event)
      )
        return;
      event.preventDefault();
      setOpen(true);
    };
    window.addEventListener("keydown", onKey);
    const leave = registerCommands([
      { id: "shortcuts", title: "Keyboard shortcuts", words: "keys help", shortcut: "?", run: () => setOpen(true) },
    ]);
    return () => {
      window.removeEventListener("keydown", onKey);
      leave();
    };
  }, []);
  return (
    <Dialog open={open} onOpenChange={setOpen} title="Keyboard shortcuts" width={640}>
      <div className="columns-1 gap-8 md:columns-2" data-testid="shortcuts">
        {shortcutGroups.map(({ title, rows }) => (
          <section key={title} aria-label={title} className="mb-4 break-inside-avoid">
            <h3 className="mb-1 text-12 text-muted">{title}</h3>
            <dl>
              {rows.map(({ keys, does }) => (
                <div key={does} className="flex min-h-7 items-center justify-between gap-4 text-13">
                  <dt>{does}</dt>
                  <dd className="flex shrink-0 gap-1">
                    {keys.map((key) => (
                      <Kbd key={key}>{key}</Kbd>
                    ))}
                  </dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </Dialog>
  );
}
