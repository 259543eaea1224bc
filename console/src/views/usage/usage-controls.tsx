import { changeParams } from "../../change-params.ts";
import { TextFilter } from "../../parts/text-filter.tsx";
import { Toolbar } from "../../parts/toolbar.tsx";
import type { Place } from "../../router.ts";
import { canBeHourly, DIMENSIONS, MEASURES, type RANGES, type UsageQuery } from "./usage-query.ts";

const RANGE_WORDS = { "24h": "24 hours", "7d": "7 days", "30d": "30 days", "90d": "90 days" };

interface ChoiceProps {
  readonly label: string;
  readonly value: string;
  /** Words by value. */
  readonly options: Readonly<Record<string, string>>;
  onChange(value: string): void;
}

function Choice({ label, value, options, onChange }: ChoiceProps) {
  return (
    <label>
      {label}
      <select value={value} onChange={(event) => onChange(event.currentTarget.value)}>
        {Object.entries(options).map(([option, words]) => (
          <option key={option} value={option}>
            {words}
          </option>
        ))}
      </select>
    </label>
  );
}

export interface UsageControlsProps {
  readonly place: Place;
  readonly query: UsageQuery;
  /** Undefined: there is nothing to download. */
  readonly onDownload: (() => void) | undefined;
}

/** Time, periods, groups and the number that the chart shows. All are in the address. */
export function UsageControls({ place, query, onDownload }: UsageControlsProps) {
  const change = (changed: Record<string, string>): void => changeParams(place, changed);
  const intervals = canBeHourly(query.range)
    ? { hour: "by hour", day: "by day" }
    : { day: "by day" };
  return (
    <Toolbar>
      <Choice
        label="Last"
        value={query.range}
        options={RANGE_WORDS satisfies Record<keyof typeof RANGES, string>}
        onChange={(range) => change({ range, interval: "" })}
      />
      <Choice
        label="Periods"
        value={query.isHourly ? "hour" : "day"}
        options={intervals}
        onChange={(interval) => change({ interval })}
      />
      <Choice
        label="Groups"
        value={query.by}
        options={Object.fromEntries(DIMENSIONS.map((name) => [name, name]))}
        onChange={(by) => change({ by })}
      />
      {query.by === "label" && (
        <TextFilter
          label="Name of the label"
          value={query.label}
          maxLength={64}
          onChange={(label) => change({ label })}
        />
      )}
      <Choice
        label="Chart"
        value={query.measure}
        options={MEASURES}
        onChange={(measure) => change({ measure })}
      />
      <button type="button" disabled={onDownload === undefined} onClick={onDownload}>
        Download CSV
      </button>
    </Toolbar>
  );
}
