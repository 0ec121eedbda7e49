// Old syntax on purpose: a Node that is too old must still be able to parse this file and say so.
export const oldestNode = [20, 19, 0];

/** Ends the process with one sentence when this Node is older than Candela needs. */
export function requireNode(running) {
  const version = running || process.versions.node;
  const parts = version.split(".").map(Number);
  for (let i = 0; i < oldestNode.length; i += 1) {
    if (parts[i] > oldestNode[i]) return;
    if (parts[i] < oldestNode[i]) {
      console.error(
        "Candela needs Node " +
          oldestNode.join(".") +
          " or newer; this is Node " +
          version +
          ". Install a current version from https://nodejs.org and try again.",
      );
      process.exit(1);
    }
  }
}
