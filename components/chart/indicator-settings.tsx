import { RotateCcw } from "lucide-react";
import { type FormEvent, useEffect, useRef, useState } from "react";
import { live } from "@/components/client/live";
import { Button } from "@/components/ui/button";
import { cx } from "@/components/ui/class-names";
import { Dialog } from "@/components/ui/dialog";
import { istDate, istDay } from "@/server/domain/time/session";
import type { ChosenIndicator } from "./chosen-indicators";
import { hintOf, paramTitle, refusalOfParam, settingsOf } from "./indicator-catalogue";
import type { IndicatorEntry, IndicatorParam } from "@/server/contract/answers";

const COLOURS = 6;
const PREVIEW_MS = 200;

/** Settings of one indicator. The chart follows while they are edited; Cancel restores the old ones. */
export function IndicatorSettings({
  indicator,
  entry,
  error,
  onChange,
  onClose,
}: {
  indicator: ChosenIndicator;
  entry: IndicatorEntry | undefined;
  error: string | null;
  onChange: (indicator: ChosenIndicator) => void;
  onClose: () => void;
}) {
  const before = useRef(indicator);
  const [typed, setTyped] = useState<Record<string, string>>({});
  const [colour, setColour] = useState(indicator.colour);
  // The list of indicators may come after the dialog: until then there is nothing to fill in.
  const shown = entry === undefined ? {} : settingsOf(entry, before.current.params, typed);
  const refusals = Object.fromEntries(
    (entry?.params ?? []).map((param) => [param.name, refusalOfParam(param, shown[param.name] ?? "")]),
  );
  const usable = entry !== undefined && Object.values(refusals).every((reason) => reason === null);
  const next: ChosenIndicator = {
    ...before.current,
    colour,
    params: usable && Object.keys(typed).length > 0 ? values(entry.params, shown) : before.current.params,
  };
  const wanted = JSON.stringify(next);
  const show = useRef(onChange);
  useEffect(() => {
    show.current = onChange;
  });
  useEffect(() => {
    const timer = setTimeout(() => show.current(JSON.parse(wanted) as ChosenIndicator), PREVIEW_MS);
    return () => clearTimeout(timer);
  }, [wanted]);

  const cancel = (): void => {
    onChange(before.current);
    onClose();
  };
  const apply = (event: FormEvent): void => {
    event.preventDefault();
    if (!usable) return;
    onChange(next);
    onClose();
  };
  return (
    <Dialog
      open
      onOpenChange={(open) => {
        if (!open) cancel();
      }}
      title={`${indicator.id} settings`}
      description={entry?.title}
      footer={
        <>
          <Button
            kind="quiet"
            icon={RotateCcw}
            className="mr-auto -ml-2 text-muted"
            disabled={entry === undefined}
            onClick={() => {
              if (entry !== undefined) setTyped(settingsOf(entry, {}));
            }}
          >
            Defaults
          </Button>
          <Button onClick={cancel}>Cancel</Button>
          <Button kind="primary" type="submit" form="indicator-settings" disabled={!usable}>
            Apply
          </Button>
        </>
      }
    >
      <form id="indicator-settings" onSubmit={apply}>
        {entry !== undefined && <p className="mb-3 text-13 text-muted">{entry.title}</p>}
        {error !== null && (
          <p role="alert" className="text-13 text-danger">
            The settings could not be loaded. {error}
          </p>
        )}
        {entry !== undefined && entry.params.length > 0 && <h3 className="mb-1 text-12 text-muted">Inputs</h3>}
        {entry?.params.map((param, at) => (
          <Field
            key={param.name}
            param={param}
            value={shown[param.name] ?? ""}
            refusal={refusals[param.name] ?? null}
            first={at === 0}
            onChange={(value) => setTyped((held) => ({ ...held, [param.name]: value }))}
          />
        ))}
        <h3 className="mt-4 mb-1 text-12 text-muted">Style</h3>
        <div role="radiogroup" aria-label="Colour" className="flex h-9 items-center">
          <span className="w-26 text-13">Colour</span>
          {Array.from({ length: COLOURS }, (_, at) => (
            <button
              key={at}
              type="button"
              role="radio"
              aria-checked={at === colour}
              aria-label={`Colour ${at + 1}`}
              onClick={() => setColour(at)}
              className={cx(
                "mr-1.5 size-7 rounded-sm border-2 p-1",
                at === colour ? "border-focus" : "border-transparent hover:border-line-strong",
              )}
            >
              <span className="block size-full rounded-xs" style={{ background: `var(--c-series-${at + 1})` }} />
            </button>
          ))}
        </div>
      </form>
    </Dialog>
  );
}

function Field({
  param,
  value,
  refusal,
  first,
  onChange,
}: {
  param: IndicatorParam;
  value: string;
  refusal: string | null;
  first: boolean;
  onChange: (value: string) => void;
}) {
  const id = `param-${param.name}`;
  const look = cx(
    "h-7 rounded-sm border bg-bg px-2 text-13 focus-visible:outline-offset-0",
    refusal === null ? "border-line-strong" : "border-danger",
  );
  return (
    <div className="flex min-h-9 flex-wrap items-center gap-y-1 py-1">
      <label htmlFor={id} className="w-26 text-13">
        {paramTitle(param.name)}
      </label>
      {param.kind === "choice" ? (
        <select id={id} value={value} onChange={(event) => onChange(event.target.value)} className={cx(look, "w-32")}>
          {param.choices?.map((choice) => (
            <option key={choice}>{choice}</option>
          ))}
        </select>
      ) : param.kind === "instant" ? (
        <InstantField id={id} param={param} value={value} look={look} onChange={onChange} />
      ) : (
        <input
          id={id}
          type="number"
          inputMode={param.kind === "integer" ? "numeric" : "decimal"}
          step={param.kind === "integer" ? 1 : "any"}
          min={param.min}
          max={param.max}
          value={value}
          data-autofocus={first || undefined}
          aria-invalid={refusal !== null}
          aria-describedby={`${id}-says`}
          onChange={(event) => onChange(event.target.value)}
          className={cx(look, "w-22")}
        />
      )}
      <span id={`${id}-says`} className={cx("ml-2.5 text-12", refusal === null ? "text-muted" : "text-danger")}>
        {refusal ?? hintOf(param)}
      </span>
    </div>
  );
}

const AT = "date and time";
/** One of the choices, or an Indian time; the field for it appears with the choice. */
function InstantField({
  id,
  param,
  value,
  look,
  onChange,
}: {
  id: string;
  param: IndicatorParam;
  value: string;
  look: string;
  onChange: (value: string) => void;
}) {
  const chosen = param.choices?.includes(value) === true ? value : AT;
  return (
    <>
      <select
        id={id}
        value={chosen}
        className={cx(look, "w-32")}
        onChange={(event) =>
          onChange(event.target.value === AT ? `${istDate(istDay(live().now()))}T00:00` : event.target.value)
        }
      >
        {[...(param.choices ?? []), AT].map((choice) => (
          <option key={choice}>{choice}</option>
        ))}
      </select>
      {chosen === AT && (
        <input
          type="datetime-local"
          aria-label={`${paramTitle(param.name)}, Indian time`}
          value={value.length === 10 ? `${value}T00:00` : value}
          className={cx(look, "ml-2 w-46")}
          onChange={(event) => onChange(event.target.value)}
        />
      )}
    </>
  );
}

const values = (params: readonly IndicatorParam[], typed: Record<string, string>): Record<string, number | string> =>
  Object.fromEntries(
    params.map((param) => [
      param.name,
      param.kind === "choice" || param.kind === "instant" ? typed[param.name]! : Number(typed[param.name]),
    ]),
  );
