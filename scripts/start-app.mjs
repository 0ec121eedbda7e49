import { pathToFileURL } from "node:url";
import { help, unknownOption } from "./options.mjs";
import { prepare, program } from "./prepare.mjs";
import { StepError, endWithChildren, fail, root } from "./steps.mjs";

/** Makes everything ready, then becomes the server: same process, so that signals reach it. */
export async function start(args) {
  if (args.includes("--help") || args.includes("-h")) {
    process.stdout.write(help());
    return;
  }
  process.env.NODE_ENV = "production";
  process.chdir(root);
  const release = endWithChildren();
  let main;
  try {
    const unknown = unknownOption(args);
    if (unknown !== null) throw new StepError(`There is no option ${unknown}: npm start -- --help lists them.`);
    await prepare(["packages", "client", "pages", "server"]);
    main = await program("main");
  } catch (error) {
    fail(error);
  }
  release();
  process.argv = [process.argv[0], main, ...args];
  await import(pathToFileURL(main).href);
}
