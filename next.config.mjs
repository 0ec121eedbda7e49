/** @type {import("next").NextConfig} */
export default {
  poweredByHeader: false,
  // The hot answers are local and already packed: gzip costs more than it saves (server/README.md, "The web edge").
  compress: false,
  reactStrictMode: true,
  devIndicators: false,
  // Types are a check of their own (`npm run typecheck`): a build on a user's machine does not repeat it.
  typescript: { ignoreBuildErrors: true },
  serverExternalPackages: ["@electric-sql/pglite", "pg", "pino", "prom-client"],
};
