import { container } from "@/server/runtime";
import { responseOf } from "./route";

/** A reading view: `server/web/reads-door.ts` knows what a path asks for; bars and latest are answered there before Next. */
export const read = async (request: Request): Promise<Response> => responseOf(await container().answerRead(request.url));
