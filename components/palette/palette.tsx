"use client";
import { Command as Cmd } from "cmdk";
import { Search, X } from "lucide-react";
import { useRouter } from "next/navigation";
import { Dialog } from "radix-ui";
import { type KeyboardEvent, useEffect, useMemo, useRef, useState } from "react";
import { useValue } from "@/components/client/store";
import { countText, millisecondsText } from "@/components/format/numbers";
import { useFocusBack } from "@/components/ui/focus-back";
import { Icon } from "@/components/ui/icon";
import { Kbd } from "@/components/ui/kbd";
import { chartHref } from "@/components/watchlist/chart-href";
import type { InstrumentHit } from "@/server/contract/answers";
import { matchesWords, parseTyped } from "./matching";
import { CommandRow, commandValue, HitRow, hitValue } from "./palette-rows";
import {
  closePalette,
  type Command,
  instrumentPick,
  paletteCommands,
  paletteReaders,
  paletteState,
} from "./palette-store";
import { readRecents, rememberRecent } from "./recents";
import { useSuggested } from "./use-suggested";
import { questionOf, useSearch } from "./use-search";

const PAGE = 8;
const COMMANDS_BESIDE = 5;
const heading =
  "[&_[cmdk-group-heading]]:flex [&_[cmdk-group-heading]]:h-8 [&_[cmdk-group-heading]]:items-center [&_[cmdk-group-heading]]:px-4 [&_[cmdk-group-heading]]:text-12 [&_[cmdk-group-heading]]:text-muted";

/** Search over everything: instruments from the server, commands and lists of the page in view. */
export function Palette() {
  const { open, text } = useValue(paletteState());
  const focus = useFocusBack();
  return (
    <Dialog.Root
      open={open}
      onOpenChange={(next) => {
        if (!next) closePalette();
      }}
    >
      <Dialog.Portal>
        <Dialog.Overlay className="fixed inset-0 z-(--z-scrim) bg-scrim" />
        <Dialog.Content
          aria-describedby={undefined}
          data-surface="elevated"
          data-testid="palette"
          onCloseAutoFocus={focus.giveBack}
          onOpenAutoFocus={(event) => {
            focus.opened(event);
            event.preventDefault();
            const input = (event.target as HTMLElement).querySelector("input");
            input?.focus();
            input?.setSelectionRange(input.value.length, input.value.length);
          }}
          className="appear fixed z-(--z-palette) flex flex-col overflow-hidden bg-elevated text-text shadow-dialog max-md:inset-0 max-md:pt-[env(safe-area-inset-top)] md:inset-x-0 md:top-24 md:mx-auto md:max-h-[min(560px,calc(100dvh-128px))] md:w-[680px] md:max-w-[calc(100vw-32px)] md:rounded-lg"
        >
          <Dialog.Title className="sr-only">Search</Dialog.Title>
          <PaletteBody initialText={text} />
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

function PaletteBody({ initialText }: { initialText: string }) {
  const router = useRouter();
  const commands = useValue(paletteCommands());
  const readers = useValue(paletteReaders());
  const [text, setText] = useState(initialText);
  const [selected, setSelected] = useState("");
  const enterWaits = useRef<{ newTab: boolean } | null>(null);
  const typed = useMemo(() => parseTyped(text), [text]);
  const result = useSearch(typed);
  const recents = useMemo(readRecents, []);
  const empty = text.trim() === "";

  const suggested = useSuggested(recents.length === 0);
  const hits = empty
    ? recents.length > 0
      ? recents
      : (suggested ?? [])
    : typed.scope === "all" || typed.scope === "exchange"
      ? result.hits
      : [];
  const suggesting = empty && recents.length === 0 && suggested === null;
  const shownCommands = useMemo(() => {
    if (typed.scope === "exchange") return [];
    // Instruments come first: no command is offered, and none preselected, before they are there.
    if (suggesting) return [];
    const wanted = commands.filter(
      (command) =>
        (typed.scope === "lists") === (command.group === "list") || (typed.scope === "all" && typed.text !== ""),
    );
    const found = wanted.filter((command) => matchesWords(`${command.title} ${command.words ?? ""}`, typed.text));
    const understood =
      typed.scope === "lists" || typed.text === "" ? [] : readers.flatMap((read) => read(typed.text) ?? []);
    return [...understood, ...(typed.scope === "all" ? found.slice(0, COMMANDS_BESIDE) : found)];
  }, [commands, readers, typed, suggesting]);
  const waiting =
    suggesting ||
    (typed.scope !== "commands" &&
      typed.scope !== "lists" &&
      (typed.text !== "" || typed.exchange !== "") &&
      result.answerTo !== questionOf(typed));
  const values = [...hits.map(hitValue), ...shownCommands.map(commandValue)];
  const first = values[0] ?? "";

  const openHit = (hit: InstrumentHit, newTab: boolean): void => {
    rememberRecent(hit);
    closePalette();
    if (newTab) return void window.open(chartHref(hit.key), "_blank", "noopener");
    const pick = instrumentPick();
    if (pick === undefined) router.push(chartHref(hit.key));
    else pick(hit.key);
  };
  const runCommand = (command: Command): void => {
    closePalette();
    command.run();
  };
  const act = (value: string, newTab: boolean): void => {
    const hit = hits.find((candidate) => hitValue(candidate) === value);
    if (hit !== undefined) return openHit(hit, newTab);
    const command = shownCommands.find((candidate) => commandValue(candidate) === value);
    if (command !== undefined) runCommand(command);
  };

  useEffect(() => {
    setSelected(first);
  }, [first, text]);
  // Enter was pressed before the response: it applies to the first row once the response matches the typed text.
  useEffect(() => {
    if (waiting || enterWaits.current === null) return;
    const { newTab } = enterWaits.current;
    enterWaits.current = null;
    act(first, newTab);
  });

  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === "Enter" && !event.nativeEvent.isComposing) {
      event.preventDefault();
      const newTab = event.ctrlKey || event.metaKey;
      if (waiting) enterWaits.current = { newTab };
      else act(selected, newTab);
    } else if (event.key === "PageDown" || event.key === "PageUp") {
      event.preventDefault();
      const at = values.indexOf(selected) + (event.key === "PageDown" ? PAGE : -PAGE);
      setSelected(values[Math.min(values.length - 1, Math.max(0, at))] ?? "");
    }
  };

  return (
    <Cmd
      label="Search"
      shouldFilter={false}
      loop
      value={selected}
      onValueChange={setSelected}
      onKeyDownCapture={onKeyDown}
      className="flex min-h-0 flex-1 flex-col"
    >
      <div className="flex h-13 shrink-0 items-center gap-3 border-b border-line px-4">
        <Icon of={Search} size={18} className="text-muted" />
        <Cmd.Input
          value={text}
          onValueChange={(next) => {
            enterWaits.current = null;
            setText(next);
          }}
          placeholder="Search instruments and commands"
          aria-label="Search"
          autoComplete="off"
          spellCheck={false}
          className="h-full min-w-0 flex-1 bg-transparent text-16 text-text outline-none"
        />
        <span className="flex items-center gap-3 text-12 text-muted max-md:hidden">
          <span className="flex items-center gap-1.5">
            <Kbd>&gt;</Kbd>commands
          </span>
          <span className="flex items-center gap-1.5">
            <Kbd>@</Kbd>lists
          </span>
          <span className="flex items-center gap-1.5">
            <Kbd>:</Kbd>exchange
          </span>
        </span>
        <button
          type="button"
          aria-label="Close"
          onClick={closePalette}
          className="-mr-2 flex size-11 items-center justify-center text-muted md:hidden"
        >
          <Icon of={X} size={18} />
        </button>
      </div>
      <Cmd.List label="Results" className="min-h-0 flex-1 overflow-y-auto overscroll-contain pb-2 md:h-auto">
        {hits.length > 0 && (
          <Cmd.Group heading={!empty ? "Symbols" : recents.length > 0 ? "Recent" : "Watchlist"} className={heading}>
            {hits.map((hit) => (
              <HitRow key={hit.key} hit={hit} typed={typed.text} onSelect={() => openHit(hit, false)} />
            ))}
          </Cmd.Group>
        )}
        {shownCommands.length > 0 && (
          <Cmd.Group heading={typed.scope === "lists" ? "Lists" : "Commands and pages"} className={heading}>
            {shownCommands.map((command) => (
              <CommandRow key={command.id} command={command} typed={typed.text} onSelect={() => runCommand(command)} />
            ))}
          </Cmd.Group>
        )}
        {!waiting && values.length === 0 && <NothingFound typed={typed} error={result.error} />}
      </Cmd.List>
      <div className="flex h-9 shrink-0 items-center gap-4 border-t border-line px-4 text-12 text-muted max-md:hidden">
        <span className="flex items-center gap-1.5">
          <Kbd>↵</Kbd>open
        </span>
        <span className="flex items-center gap-1.5">
          <Kbd>Ctrl ↵</Kbd>new tab
        </span>
        <span className="flex items-center gap-1.5">
          <Kbd>Esc</Kbd>close
        </span>
        <span className="ml-auto" role="status">
          {result.tookMs === null || result.answerTo !== questionOf(typed)
            ? ""
            : `${hits.length}${result.searched === null ? "" : ` of ${countText(result.searched)}`} · ${millisecondsText(result.tookMs)} ms`}
        </span>
      </div>
    </Cmd>
  );
}

function NothingFound({ typed, error }: { typed: ReturnType<typeof parseTyped>; error: string | null }) {
  const hint =
    typed.scope === "commands"
      ? "Remove > to search instruments."
      : typed.scope === "lists"
        ? "This searches the names of your watchlists."
        : typed.scope === "exchange"
          ? "Start with an exchange: :nse bank"
          : "Try part of the name, or several parts in any order: nifty fut.";
  return (
    <div className="px-4 py-8 text-center" role="status">
      <p className="text-14 font-semibold">
        {error !== null
          ? "The search did not respond"
          : typed.scope === "commands"
            ? "No command matches"
            : typed.scope === "lists"
              ? "No watchlist matches"
              : "No instrument matches"}
      </p>
      <p className="mt-1 text-13 text-muted">{error ?? hint}</p>
    </div>
  );
}
