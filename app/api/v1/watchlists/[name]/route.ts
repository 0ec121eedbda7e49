import { route } from "@/app/api/_lib/route";

export const GET = route("GET /watchlists/{name}", ({ rest }, _, { name }) => rest.watchlist(name!));
