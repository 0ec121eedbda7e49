import { container } from "@/server/runtime";

/** Prometheus exposition. */
export async function GET(): Promise<Response> {
  const { exposition } = container();
  return new Response(await exposition.text(), {
    headers: { "Content-Type": exposition.contentType, "Cache-Control": "no-store" },
  });
}
