import Link from "next/link";
import { Shell } from "@/components/shell/shell";

export default function NotFound() {
  return (
    <Shell topBar={<p className="px-4 text-14 font-semibold max-md:py-3">Not found</p>}>
      <div className="flex flex-1 flex-col items-center justify-center gap-1 px-6 text-center">
        <h1 className="text-14 font-semibold">Page not found</h1>
        <p className="text-13 text-muted">The address may be mistyped or out of date.</p>
        <p className="mt-4">
          <Link href="/" className="text-link">
            Back to the chart
          </Link>
        </p>
      </div>
    </Shell>
  );
}
