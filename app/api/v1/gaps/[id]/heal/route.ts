import { route } from "@/app/api/_lib/route";

/** Requests history for a gap now; returns the row at once while that runs. */
export const POST = route("POST /gaps/{id}/heal", ({ rest }, _, { id }) => rest.heal(id!));
