/** Doors of the collectors: write-only. */
import { z } from "zod";

const ACCEPTED = "the fields of the login that change daily, such as accessToken, as text";

/** `POST /api/v1/collectors/{name}/login`: which fields, the collector's broker says (`FeedTruth.daily`). */
export const loginBody = z
  .record(z.string(), z.string({ error: ACCEPTED }).trim(), { error: `a body with ${ACCEPTED}` })
  .refine((body) => Object.keys(body).length > 0, `a body with ${ACCEPTED}`);
