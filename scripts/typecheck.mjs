// `npm run typecheck`: with Next's own declarations, which a fresh clone does not have yet and which change what is right.
// TypeScript 7 checks in a third of the time of 5, which stays for the tools that call its interface (Next, dependency-cruiser).
import { endWithChildren, fail, inProject, run } from "./steps.mjs";

endWithChildren();
for (const args of [
  ["next/dist/bin/next", "typegen"],
  ["typescript-native/bin/tsc", "--noEmit"],
]) {
  const [file, ...rest] = args;
  const { code, output } = await run(process.execPath, [inProject("node_modules", file), ...rest]).catch(fail);
  if (code !== 0) {
    process.stdout.write(`${output.trimEnd()}\n✗ Types\n`);
    process.exit(1);
  }
}
process.stdout.write("✓ Types\n");
process.exit(0);
