import { route } from "@/app/api/_lib/route";

/** Closes a gap as it is, saying why. */
export const POST = route("POST /gaps/{id}/ignore", ({ rest }, { by, note }, { id }) => rest.ignore(id!, by, note));
