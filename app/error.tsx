"use client";
import { CircleX, RotateCcw } from "lucide-react";
import { Shell } from "@/components/shell/shell";
import { Button } from "@/components/ui/button";
import { EmptyState } from "@/components/ui/empty-state";

/** A page that failed says so inside the frame: the way to every other page stays open. */
export default function PageError({ error, reset }: { error: Error & { digest?: string }; reset: () => void }) {
  return (
    <Shell title="Error" topBar={<p className="px-4 text-14 font-semibold max-md:py-3">Error</p>}>
      <EmptyState
        tone="danger"
        icon={CircleX}
        className="flex-1"
        title="This page could not be displayed"
        detail={error.message}
        actions={
          <Button icon={RotateCcw} onClick={reset}>
            Retry
          </Button>
        }
        foot={error.digest === undefined ? undefined : `request ${error.digest}`}
      />
    </Shell>
  );
}
