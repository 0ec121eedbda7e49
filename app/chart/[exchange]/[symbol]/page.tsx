import type { Metadata } from "next";

interface Props {
  params: Promise<{ exchange: string; symbol: string }>;
}

export const generateMetadata = async ({ params }: Props): Promise<Metadata> => ({ title: decodeURIComponent((await params).symbol) });

/** The address of a chart. What it shows is in the layout above, which reads the address. */
export default function ChartPage() {
  return null;
}
