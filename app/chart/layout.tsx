import { type ReactNode, Suspense } from "react";
import { Workspace } from "@/components/chart/workspace";

/** The workspace lives in the layout, which outlives its pages: another symbol is another address, not another chart. */
export default function ChartLayout({ children }: { children: ReactNode }) {
  return (
    <>
      <Suspense fallback={null}>
        <Workspace />
      </Suspense>
      {children}
    </>
  );
}
