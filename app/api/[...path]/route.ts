import { z } from "zod";
import { route } from "@/app/api/_lib/route";

/** An unknown API path gets a JSON response, not a page. */
const none = route(
  z.string(),
  (_running, path) => {
    throw Object.assign(new Error(`There is nothing at ${path}`), {
      code: "not_found",
      details: { field: "path", value: path, accepted: "a path under /api/v1 listed in docs/api.md" },
    });
  },
  (request) => new URL(request.url).pathname,
);

export { none as DELETE, none as GET, none as PATCH, none as POST, none as PUT };
