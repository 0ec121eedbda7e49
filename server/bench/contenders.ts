import type { BuildContender } from "./contender";
import { hotPath } from "./hot-path";
import { objectATick } from "./peers/object-a-tick";
import { official } from "./peers/official";
import { tardis } from "./peers/tardis";

/** Everything that runs in a Node process of its own; the C floor is `floor.ts`. */
export const contenders = { candela: hotPath, objectATick, official, tardis } satisfies Record<string, BuildContender>;
export type ContenderName = keyof typeof contenders;
