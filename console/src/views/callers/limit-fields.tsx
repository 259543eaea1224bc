import type { LimitTexts } from "./limit-text.ts";

interface Row {
  readonly field: keyof LimitTexts;
  readonly label: string;
  readonly form: string;
}

const ROWS: readonly Row[] = [
  { field: "requests", label: "Requests", form: "60/m, 1000/h" },
  { field: "tokens", label: "Tokens, in and out", form: "200000/m" },
  { field: "concurrency", label: "Generations at a time", form: "10" },
  { field: "spend", label: "Money", form: "USD 5/day, USD 100/month" },
  { field: "maxOutputTokens", label: "Output tokens of a call", form: "8000" },
  { field: "maxCostPerCall", label: "Money of a call", form: "USD 0.50" },
  { field: "warnAt", label: "Warn from this share on", form: "0.8" },
];

export interface LimitFieldsProps {
  readonly texts: LimitTexts;
  readonly onTexts: (texts: LimitTexts) => void;
}

/** Limits, each in the form of the command line. An empty field is no limit. */
export function LimitFields({ texts, onTexts }: LimitFieldsProps) {
  return (
    <div class="fields">
      {ROWS.map(({ field, label, form }) => (
        <label key={field} class="field">
          {label}
          <input
            placeholder={`none; such as ${form}`}
            value={texts[field]}
            onInput={({ currentTarget }) => onTexts({ ...texts, [field]: currentTarget.value })}
          />
        </label>
      ))}
    </div>
  );
}
