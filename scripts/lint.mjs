// `npm run lint`: layout by Prettier, the code by oxlint, who imports whom by dependency-cruiser.
import { existsSync } from "node:fs";
import { endWithChildren, fail, inProject, run } from "./steps.mjs";

const checks = [
  {
    title: "Format",
    args: [
      inProject("node_modules/prettier/bin/prettier.cjs"),
      "--check",
      "--log-level",
      "warn",
      "--cache",
      "--cache-location",
      inProject(".build/prettier-cache"),
      ".",
    ],
  },
  { title: "Code", args: [inProject("node_modules/oxlint/bin/oxlint"), "--deny-warnings"] },
  {
    title: "Unused exports and packages",
    args: [inProject("node_modules/knip/bin/knip.js"), "--no-progress", "--no-config-hints"],
  },
  {
    title: "Import rules",
    args: [
      inProject("node_modules/dependency-cruiser/bin/dependency-cruise.mjs"),
      "--config",
      ".dependency-cruiser.cjs",
      "--output-type",
      "err",
      ...["app", "components", "e2e", "server"].filter((each) => existsSync(inProject(each))),
    ],
  },
];

endWithChildren();
let bad = false;
for (const { title, args } of checks) {
  const { code, output } = await run(process.execPath, args).catch(fail);
  process.stdout.write(code === 0 ? `✓ ${title}\n` : `${output.trimEnd()}\n✗ ${title}\n`);
  bad ||= code !== 0;
}
process.exit(bad ? 1 : 0);
