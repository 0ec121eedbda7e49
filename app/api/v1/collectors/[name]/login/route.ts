import { loginBody } from "@/server/contract/collectors";
import { jsonBody, route } from "@/app/api/_lib/route";

/** Takes a new access token for a collector at work: it connects with it at once, and no answer ever shows it. */
export const POST = route(
  loginBody,
  async (running, login, params) => ({ data: await running.handOver(params["name"] ?? "", login) }),
  jsonBody,
);
