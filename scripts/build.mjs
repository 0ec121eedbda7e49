// `npm run build`: everything `npm start` needs, made ready without starting it.
import { requireNode } from "./node-version.mjs";

requireNode();
const { prepare } = await import("./prepare.mjs");
const { endWithChildren, fail } = await import("./steps.mjs");

endWithChildren();
await prepare(["packages", "client", "pages", "server"]).catch(fail);
process.stdout.write("✓ Ready: npm start\n");
process.exit(0);
