/**
 * Who talks to Kite, and how a day's access token is got. The token dies at 06:00 IST the next day; the user logs in
 * by browser and comes back with a request token that is good for one exchange within minutes.
 * @see https://kite.trade/docs/connect/v3/user/
 */
import { createHash } from "node:crypto";
import { z } from "zod";
import { AppError } from "@/server/domain/basics/errors";
import { kiteRequest } from "./rest";

export const kiteLogin = z.object({
  apiKey: z.string().min(1),
  accessToken: z.string().min(1),
  /** Needed only to exchange the next day's request token. */
  apiSecret: z.string().min(1).optional(),
  /** Another root is a simulated exchange speaking the same interface. */
  root: z.url({ protocol: /^https?$/ }).default("https://api.kite.trade"),
  socket: z.url({ protocol: /^wss?$/ }).default("wss://ws.kite.trade"),
});
export type KiteLogin = z.infer<typeof kiteLogin>;

const session = z.object({ access_token: z.string().min(1), user_id: z.string() });

/** Exchanges the request token of a browser login for the day's access token. */
export const createSession = async (
  login: { apiKey: string; apiSecret: string; requestToken: string; root?: string },
  signal: AbortSignal,
): Promise<{ accessToken: string; userId: string }> => {
  const { apiKey, apiSecret, requestToken } = login;
  const checksum = createHash("sha256")
    .update(apiKey + requestToken + apiSecret)
    .digest("hex");
  const answer = await kiteRequest(
    { root: login.root ?? kiteLogin.shape.root.parse(undefined), apiKey },
    {
      method: "POST",
      path: "/session/token",
      form: { api_key: apiKey, request_token: requestToken, checksum },
    },
    signal,
  );
  const parsed = session.safeParse(answer);
  if (!parsed.success)
    throw new AppError("broker_refused", "Kite's session response has no access token", { cause: parsed.error });
  return { accessToken: parsed.data.access_token, userId: parsed.data.user_id };
};
