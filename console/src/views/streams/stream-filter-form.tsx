import { useEffect, useId, useState } from "preact/hooks";
import { hrefOf } from "../../router.ts";
import { AGES, PHASES, type StreamFilter } from "./stream-filter.ts";

const WAIT_MS = 400;

interface TextFieldProps {
  readonly label: string;
  readonly value: string;
  readonly maxLength: number;
  readonly onValue: (value: string) => void;
}

/** A field whose text counts when typing pauses. */
function TextField({ label, value, maxLength, onValue }: TextFieldProps) {
  const [text, setText] = useState(value);
  useEffect(() => setText(value), [value]);
  useEffect(() => {
    if (text === value) return;
    const timer = setTimeout(() => onValue(text), WAIT_MS);
    return () => clearTimeout(timer);
  }, [text]);
  return (
    <label class="field">
      {label}
      <input
        type="search"
        placeholder="all"
        maxLength={maxLength}
        value={text}
        onInput={({ currentTarget }) => setText(currentTarget.value)}
      />
    </label>
  );
}

interface ChoiceProps {
  readonly label: string;
  readonly value: string;
  readonly words: readonly string[];
  readonly any: string;
  readonly onValue: (value: string) => void;
}

function Choice({ label, value, words, any, onValue }: ChoiceProps) {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <select id={id} value={value} onChange={({ currentTarget }) => onValue(currentTarget.value)}>
        <option value="">{any}</option>
        {words.map((word) => (
          <option key={word}>{word}</option>
        ))}
      </select>
    </div>
  );
}

/** The filter of the list. It stands in the address, so that a link shows the same. */
export function StreamFilterForm({ filter }: { filter: StreamFilter }) {
  const change = (fields: Partial<StreamFilter>): void => {
    location.hash = hrefOf("streams", "", { ...filter, ...fields });
  };
  return (
    <search class="fields" aria-label="Filter of the streams">
      <Choice
        label="Phase"
        value={filter.phase}
        words={Object.keys(PHASES)}
        any="all"
        onValue={(phase) => change({ phase })}
      />
      <TextField
        label="Caller"
        value={filter.caller}
        maxLength={256}
        onValue={(caller) => change({ caller })}
      />
      <TextField
        label="Provider"
        value={filter.provider}
        maxLength={64}
        onValue={(provider) => change({ provider })}
      />
      <Choice
        label="Last event at least"
        value={filter.age}
        words={Object.keys(AGES)}
        any="any age"
        onValue={(age) => change({ age })}
      />
    </search>
  );
}
