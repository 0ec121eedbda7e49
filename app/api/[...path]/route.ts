import { jsonReply } from "@/server/contract/answer";
import { type ErrorEnvelope, statusOf } from "@/server/contract/rest";
import { responseOf } from "@/app/api/_lib/route";

/** An unknown API path gets a JSON response, not a page. */
const none = (request: Request): Response => {
  const path = new URL(request.url).pathname;
  const error: ErrorEnvelope["error"] = {
    code: "not_found",
    message: `There is nothing at ${path}`,
    details: { field: "path", value: path, accepted: "a path under /api/v1 listed in docs/api.md" },
    requestId: crypto.randomUUID().slice(0, 8),
  };
  return responseOf(jsonReply({ status: "error", error } satisfies ErrorEnvelope, statusOf.not_found));
};

export { none as DELETE, none as GET, none as PATCH, none as POST, none as PUT };
