import type { Metadata } from "next";
import { connection } from "next/server";
import { container } from "@/server/runtime";

interface Props {
  params: Promise<{ exchange: string; symbol: string }>;
}

export const generateMetadata = async ({ params }: Props): Promise<Metadata> => ({
  title: decodeURIComponent((await params).symbol),
});

/**
 * The address of a chart. What it shows is in the layout above, which reads the address. A server under test says so,
 * and only then can a test read the canvas (components/chart/test-bridge.ts).
 */
export default async function ChartPage() {
  await connection();
  return container().config.test ? (
    <script dangerouslySetInnerHTML={{ __html: 'document.documentElement.dataset.test="1"' }} />
  ) : null;
}
