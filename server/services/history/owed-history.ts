import { owedFrom, readStored, type Unreadable } from "@/server/ports/stored";
import type { SettingStore } from "@/server/ports/stores";

/** Epoch ms from which minutes may be missing and still need fetching; it must survive a crash. */
const OWED = "history.owed";

/** Spans up to now that history is still to fill, noted in the store: a crash must not forget them. */
export class OwedHistory {
  private readonly spans = new Set<{ from: number }>();
  private inherited: Promise<{ from: number }> | null = null;

  constructor(
    private readonly settings: SettingStore,
    private readonly unreadable: Unreadable | undefined,
  ) {}

  /** Notes in the store that minutes from here on are still to be fetched; the returned function takes the note back. */
  async owe(from: number): Promise<() => Promise<void>> {
    await this.inheritance();
    const span = { from };
    const note = (): Promise<void> => {
      const earliest = Math.min(...[...this.spans].map((each) => each.from));
      return this.settings.set(OWED, earliest === Number.POSITIVE_INFINITY ? null : earliest);
    };
    this.spans.add(span);
    await note();
    return () => {
      this.spans.delete(span);
      return note();
    };
  }

  /** The span an earlier run still owed when it ended: owed until a catch-up has paid it. */
  inheritance(): Promise<{ from: number }> {
    return (this.inherited ??= this.settings.get(OWED).then((saved) => {
      const span = {
        from: readStored(`setting ${OWED}`, saved, owedFrom, this.unreadable) ?? Number.POSITIVE_INFINITY,
      };
      this.spans.add(span);
      return span;
    }));
  }

  /** The inherited span has been filled: the next note leaves it out. */
  paid(span: { from: number }): void {
    this.spans.delete(span);
  }
}
