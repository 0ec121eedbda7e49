/** The look of one item of the status bar: a button that opens its evidence. */
export const statusItem =
  "flex shrink-0 items-center gap-1.5 border-line px-2.5 whitespace-nowrap transition-colors duration-[var(--dur-hover)] hover:bg-selected data-[state=open]:bg-selected -outline-offset-2!";
