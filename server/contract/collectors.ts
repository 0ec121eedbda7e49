/** Doors of the collectors: write-only. */
import { z } from "zod";

const TOKEN = "the day's access token as text";

/** `POST /api/v1/collectors/{name}/login`. */
export const loginBody = z.strictObject(
  { accessToken: z.string({ error: TOKEN }).trim() },
  { error: `a body with accessToken: ${TOKEN}` },
);

/** Its answer. `checked`: the broker has said that the token is good; false where it could not be asked. */
export interface HandedOver {
  collector: string;
  checked: boolean;
}
