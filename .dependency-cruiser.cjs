// Who may import whom: each row names a folder and everything it may import.
// Type-only imports count. Tests and server/testing stand outside the rows: they may reach for anything.

const tests = String.raw`\.(test|spec)\.tsx?$|^server/testing/|^e2e/`;
const project = "^(app|components|e2e|prisma|scripts|server)/";
const anyPackage = ["npm", "npm-dev", "npm-optional", "npm-peer", "npm-bundled", "npm-no-pkg", "npm-unknown", "core"];

/** A folder imports nothing of the project but what is listed. */
const only = (name, path, allowed, comment) => ({
  name: `${name}-imports`,
  comment,
  severity: "error",
  from: { path, pathNot: tests },
  to: { path: project, pathNot: allowed },
});

/** A folder imports no package and no part of Node but those listed. */
const packages = (name, path, allowed, comment) => ({
  name: `${name}-packages`,
  comment,
  severity: "error",
  from: { path, pathNot: tests },
  to: { dependencyTypes: anyPackage, ...(allowed === null ? {} : { pathNot: allowed }) },
});

const zod = "node_modules/zod/";
const domain = "^server/domain/";
const ports = "^server/ports/";
const contract = "^server/contract/";
const indicators = "^server/indicators/";
const runtime = "^server/runtime\\.ts$";
const files = "^server/files/";
const stage = "^server/pipeline/stage\\.ts$";

/** The rooms of a folder, lowest floor first: each one imports itself and the rooms listed beside it. A file belongs to a room. */
const rooms = (folder, plan) => [
  ...Object.entries(plan).map(([room, below]) => ({
    name: `${folder.split("/")[1]}-${room}-room`,
    comment: "Rooms are built on one another in one direction (README of the server).",
    severity: "error",
    from: { path: `^${folder}/${room}/`, pathNot: tests },
    to: { path: `^${folder}/`, pathNot: [room, ...below].map((each) => `^${folder}/${each}/`) },
  })),
  {
    name: `${folder.split("/")[1]}-known-room`,
    comment: "A new room gets a row here first, and every file stands in one.",
    severity: "error",
    from: { path: `^${folder}/`, pathNot: `^${folder}/(${Object.keys(plan).join("|")})/` },
    to: {},
  },
];

/** An edge knows the domain, the ports and the contract, not the other edges. */
const edge = (folder, ...more) =>
  only(
    folder,
    `^server/${folder}/`,
    [`^server/${folder}/`, domain, ports, contract, stage, ...more],
    "Edges do not know each other; the container joins them.",
  );

module.exports = {
  forbidden: [
    {
      name: "no-circle",
      comment: "A circle, type imports included, means two files are one idea.",
      severity: "error",
      from: {},
      to: { circular: true },
    },
    {
      name: "no-unresolved",
      comment: "The file or package does not exist.",
      severity: "error",
      from: {},
      to: { couldNotResolve: true },
    },

    only("domain", domain, [domain], "The domain knows itself only."),
    ...rooms("server/domain", {
      basics: [],
      time: [],
      instruments: ["basics", "time"],
      calendar: ["basics", "time", "instruments"],
      ticks: ["basics", "instruments"],
      bars: ["basics", "time", "instruments", "calendar"],
    }),
    packages("domain", domain, null, "The browser uses the domain too: no packages, no Node."),
    only("ports", ports, [ports, domain]),
    packages("ports", ports, [zod], "A port is an interface; a feed's credentials are described by a zod schema."),
    only("indicators", indicators, [indicators, domain]),
    packages(
      "indicators",
      indicators,
      [zod],
      "The browser runs the same indicators: zod for their parameters, nothing else.",
    ),
    only("contract", contract, [contract, domain]),
    packages("contract", contract, [zod], "What crosses to the browser: zod schemas and their types."),

    only(
      "pipeline",
      "^server/pipeline/",
      ["^server/pipeline/", domain, ports, indicators],
      "Cores think; what they do goes through a port.",
    ),
    packages("pipeline", "^server/pipeline/", null, "A core has no clock, no disk, no socket."),
    only(
      "services",
      "^server/services/",
      ["^server/services/", domain, ports, indicators],
      "A service works through ports.",
    ),
    packages("services", "^server/services/", null, "A service works through ports."),
    ...rooms("server/services", {
      market: [],
      bars: [],
      history: [],
      upkeep: [],
      indicators: ["bars"],
      collecting: ["market"],
      quality: ["bars", "collecting", "history", "upkeep"],
      reads: ["bars", "collecting", "market", "quality"],
    }),

    only(
      "feed",
      "^server/feeds/([^/]+)/",
      ["^server/feeds/$1/", "^server/feeds/define\\.ts$", domain, ports],
      "Never another feed.",
    ),
    only(
      "feeds-shared",
      "^server/feeds/(?!index\\.ts$)[^/]+\\.ts$",
      ["^server/feeds/[^/]+\\.ts$", files, domain, ports],
      "Only the registry names the feeds' folders.",
    ),
    only("feeds-registry", "^server/feeds/index\\.ts$", ["^server/feeds/", domain, ports]),
    {
      name: "feeds-folders",
      comment: "A broker's folder is named by the registry alone: everybody else asks the registry.",
      severity: "error",
      from: { path: project, pathNot: [tests, "^server/feeds/", "^server/bench/"] },
      to: { path: "^server/feeds/[^/]+/" },
    },

    only(
      "files",
      files,
      [files, domain],
      "How people keep bars and ticks in files: shared by feeds, history sources and the command line.",
    ),

    edge("store", "^prisma/generated/"),
    edge("latest"),
    edge("history-sources", files),
    edge("bus"),
    edge("web"),
    edge("observe"),
    {
      name: "stage-types-only",
      comment: "An edge sees the shape of a stage, not its code.",
      severity: "error",
      from: { path: "^server/(store|bus|history-sources|latest|web|observe)/", pathNot: tests },
      to: { path: stage, dependencyTypesNot: ["type-only"] },
    },

    only(
      "exchange",
      "^server/exchange/",
      ["^server/exchange/", domain],
      "The simulated exchange is a program of its own: it must not share our mistakes.",
    ),
    only(
      "parts",
      "^server/parts/",
      [
        "^server/(parts|bus|feeds|files|history-sources|indicators|latest|observe|pipeline|services|store|web)/",
        "^server/config\\.ts$",
        contract,
        domain,
        ports,
      ],
      "A part is built from the parts above it; the container lists them and is known to none.",
    ),
    only(
      "container",
      "^server/(?!runtime|config)[^/]+\\.ts$|^server/(cli|bench)/",
      ["^server/"],
      "The server does not know the pages.",
    ),
    only("runtime", runtime, ["^server/container\\.ts$"], "The accessor holds no server code."),
    {
      name: "runtime-types-only",
      comment: "Next bundles runtime.ts: types only behind it, or server code enters the pages.",
      severity: "error",
      from: { path: runtime },
      to: { dependencyTypesNot: ["type-only"] },
    },
    only(
      "config",
      "^server/config\\.ts$",
      [domain, ports, "^server/feeds/index\\.ts$"],
      "The environment is read here and nowhere else, before anything is built.",
    ),

    only(
      "api",
      "^app/(api|intraday|metrics)/",
      ["^app/api/_lib/", runtime, contract],
      "A route parses by contract and calls a service of the running container.",
    ),
    {
      name: "routes-no-runtime",
      comment: "A route gets the running services from `route`, which keeps the store from it.",
      severity: "error",
      from: { path: "^app/api/v1/" },
      to: { path: runtime },
    },
    only(
      "pages",
      "^app/(?!api/|intraday/|metrics/)",
      ["^app/(?!api/|metrics/)", "^components/", contract, runtime],
      "Two doors lead from Next into the server: contract and runtime.",
    ),
    only(
      "components",
      "^components/",
      ["^components/", contract, domain, indicators],
      "The browser uses the pure parts of the server only.",
    ),
    packages("components-no-node", "^components/", ["node_modules/"], "Components run in the browser."),

    {
      name: "known-folder",
      comment: "A new folder of the server gets a row here first: what may it import?",
      severity: "error",
      from: {
        path: "^server/[^/]+/",
        pathNot:
          "^server/(bench|bus|cli|contract|domain|exchange|feeds|files|history-sources|indicators|latest|observe|parts|pipeline|ports|services|store|testing|web)/",
      },
      to: {},
    },
    {
      name: "testing-stays-out",
      comment: "What tests share is never shipped (the bench may use it).",
      severity: "error",
      from: { path: "^(app|components|server)/", pathNot: [tests, "^server/bench/"] },
      to: { path: "^server/testing/" },
    },
    {
      name: "dev-packages-stay-out",
      comment: "A development package is not there in production (types, tests and the bench apart).",
      severity: "error",
      from: { path: "^(app|components|server)/", pathNot: [tests, "^server/bench/"] },
      to: { dependencyTypes: ["npm-dev"], dependencyTypesNot: ["type-only"], pathNot: "node_modules/@types/" },
    },
    {
      name: "alias-across-folders",
      comment: "Relative within a folder, @/ across: a path says where it leads.",
      severity: "error",
      from: { path: "^(server/(?:domain|services)/[^/]+|server/(?!domain/|services/)[^/]+|components|app)/" },
      to: {
        path: "^(app|components|prisma|server)/",
        pathNot: "^$1/",
        dependencyTypes: ["local"],
        dependencyTypesNot: ["aliased-tsconfig-paths", "aliased-tsconfig", "aliased"],
      },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    doNotFollow: { path: "node_modules|^prisma/generated" },
    exclude: { path: "\\.css$" },
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["import", "node", "require", "types", "default"],
      mainFields: ["module", "main", "types"],
      extensions: [".ts", ".tsx", ".mjs", ".js", ".cjs", ".json", ".d.ts"],
    },
    skipAnalysisNotInRules: true,
  },
};
