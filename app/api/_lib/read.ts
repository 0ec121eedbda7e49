import { container } from "@/server/runtime";
import { responseOf } from "./route";

/** A read view: `server/web/read-door.ts` parses the path; bars and latest are handled there before Next. */
export const read = async (request: Request): Promise<Response> =>
  responseOf(await container().answerRead(request.url, request.signal));
