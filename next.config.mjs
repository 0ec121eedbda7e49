/** @type {import("next").NextConfig} */
export default {
  poweredByHeader: false,
  // The hot answers are local and already packed: gzip costs more than it saves (server/README.md, "The web edge").
  compress: false,
  reactStrictMode: true,
  devIndicators: false,
  serverExternalPackages: ["@electric-sql/pglite", "pg", "pino", "prom-client"],
};
