export const seedFastCheck: {
  name: string;
  enforce: "pre";
  resolveId(source: string, importer: string | undefined): string | undefined;
};
