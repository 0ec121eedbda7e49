import { type BarBatch, barBatch } from "@/server/domain/bars/bar";

/** Rows a stage is about to emit: a full batch goes out before the next row, the rest at the end of the stage's turn. */
export class BarOutput {
  readonly batch: BarBatch;

  constructor(private readonly rows: number) {
    this.batch = barBatch(rows);
  }

  /** The batch, with room for one more row. */
  withRoom(emit: (batch: BarBatch) => void): BarBatch {
    if (this.batch.length === this.rows) this.flush(emit);
    return this.batch;
  }

  flush(emit: (batch: BarBatch) => void): void {
    if (this.batch.length === 0) return;
    emit(this.batch);
    this.batch.length = 0;
  }
}
