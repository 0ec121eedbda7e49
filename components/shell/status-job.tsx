import { useFeed } from "@/components/client/feed";
import { countText } from "@/components/format/numbers";
import { Glyph } from "@/components/ui/glyph";
import { Popover } from "@/components/ui/popover";
import { statusItem } from "./status-item";

/** A job in progress: the first history, a backfill. */
export function JobItem() {
  const job = useFeed()?.job ?? null;
  if (job === null || job.finished) return null;
  const percent = job.total === 0 ? 0 : Math.floor((job.done / job.total) * 100);
  return (
    <Popover
      label={job.title}
      width={280}
      side="top"
      align="end"
      trigger={
        <button type="button" data-testid="job-row" className={`${statusItem} text-heal`}>
          <Glyph shape="turn" />
          <span className="font-medium">{job.title}</span>
          <span>{percent}%</span>
        </button>
      }
    >
      <h2 className="text-13 font-semibold">{job.title}</h2>
      <p className="mt-1 text-muted">{job.detail}</p>
      <div role="progressbar" aria-label={job.title} aria-valuenow={percent} className="mt-2 h-1 rounded-xs bg-line">
        <div className="h-1 rounded-xs bg-heal" style={{ width: `${percent}%` }} />
      </div>
      <p className="mt-2 flex justify-between text-muted">
        <span>
          {countText(job.done)} of {countText(job.total)}
        </span>
        {job.failed > 0 && <span className="text-danger">{countText(job.failed)} failed</span>}
      </p>
    </Popover>
  );
}
