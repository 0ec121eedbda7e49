import { route } from "@/app/api/_lib/route";

/** Sets a new access token for a running collector, which connects with it at once. No response ever contains it. */
export const POST = route("POST /collectors/{name}/login", async (running, login, params) => ({
  data: await running.handOver(params["name"] ?? "", login),
}));
