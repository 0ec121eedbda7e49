/** A process to be killed: opens the store of the folder given, writes minutes for ever, prints how many are acknowledged. */
import { startedStore } from "./store-open";
import { storedBar } from "./store-suite-rows";

const BATCH = 50;
const store = await startedStore(process.argv[2]!);
process.stdout.write("open\n");
for (let written = 0; ; written += BATCH) {
  await store.bars.write(
    Array.from({ length: BATCH }, (_, at) => storedBar(1, written + at)),
    "merge",
  );
  process.stdout.write(`${written + BATCH}\n`);
}
