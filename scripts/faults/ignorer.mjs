// Which code gets no planted fault: log lines and the wording of errors. A test that repeats a sentence proves nothing.

const LOG_METHODS = new Set(["debug", "info", "warn", "error", "fatal", "trace"]);

const isLogCall = (node) => {
  if (node.type !== "CallExpression" || node.callee.type !== "MemberExpression") return false;
  const { object, property } = node.callee;
  const owner = object.type === "MemberExpression" ? object.property.name : object.name;
  return LOG_METHODS.has(property.name) && /^(log|logger|console)$/.test(owner ?? "");
};

const isText = (node) => node.type === "StringLiteral" || node.type === "TemplateLiteral";
// A code ("bad_input") is one word; what is left of an error's arguments beside details is its sentence.
const isSentence = (node) =>
  node.type === "StringLiteral" ? node.value.includes(" ") : node.type !== "ObjectExpression";

const isWording = ({ node, parent }) => {
  if (parent?.type === "NewExpression" && parent.callee.type === "Identifier" && parent.callee.name.endsWith("Error"))
    return node !== parent.callee && isSentence(node);
  return (
    parent?.type === "ObjectProperty" &&
    parent.value === node &&
    isText(node) &&
    /^(accepted|message)$/.test(parent.key.name)
  );
};

/** In the shape Stryker looks for in a module listed under `plugins`. */
export const strykerPlugins = [
  {
    kind: "Ignore",
    name: "wording",
    value: {
      shouldIgnore: (path) =>
        isLogCall(path.node) || isWording(path) ? "Log lines and the wording of errors." : undefined,
    },
  },
];
