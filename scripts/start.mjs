// `npm start`. Old syntax on purpose (node-version.mjs); everything else is in start-app.mjs.
import { requireNode } from "./node-version.mjs";

requireNode();
void import("./start-app.mjs").then(function (app) {
  return app.start(process.argv.slice(2));
});
