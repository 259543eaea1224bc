import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";
import type { Draft, DraftError } from "./draft.ts";
import { SCRIPTS } from "./simulator-scripts.ts";

export interface OptionFieldsProps {
  readonly draft: Draft;
  readonly mistake: DraftError | undefined;
  readonly onDraft: (change: Partial<Draft>) => void;
}

const EFFORTS = ["none", "minimal", "low", "medium", "high", "max"];

type TextField = {
  [Key in keyof Draft]: Draft[Key] extends string ? Key : never;
}[keyof Draft];

interface FieldProps extends OptionFieldsProps {
  readonly field: Exclude<TextField, "format">;
  readonly label: string;
}

function Area({ field, label, draft, mistake, onDraft }: FieldProps) {
  return (
    <label class="field wide">
      {label}
      <textarea
        rows={4}
        class="mono"
        spellcheck={false}
        value={draft[field]}
        aria-invalid={mistake?.field === field}
        onInput={({ currentTarget }) => onDraft({ [field]: currentTarget.value })}
      />
    </label>
  );
}

function Line({ field, label, draft, mistake, onDraft }: FieldProps) {
  return (
    <label class="field">
      {label}
      <input
        inputMode="decimal"
        placeholder="default"
        value={draft[field]}
        aria-invalid={mistake?.field === field}
        onInput={({ currentTarget }) => onDraft({ [field]: currentTarget.value.trim() })}
      />
    </label>
  );
}

interface ChoiceProps {
  readonly label: string;
  readonly value: string;
  readonly onValue: (value: string) => void;
  readonly children: ComponentChildren;
}

function Choice({ label, value, onValue, children }: ChoiceProps) {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <select id={id} value={value} onChange={({ currentTarget }) => onValue(currentTarget.value)}>
        {children}
      </select>
    </div>
  );
}

function toFormat(value: string): Draft["format"] {
  return value === "json_object" || value === "json_schema" ? value : "text";
}

function ScriptFields(props: OptionFieldsProps) {
  const { draft, onDraft } = props;
  const chosen = SCRIPTS.find(({ script }) => script === draft.simulator);
  return (
    <>
      <Choice
        label="Simulator's script"
        value={chosen?.name ?? "own"}
        onValue={(name) => {
          const script = SCRIPTS.find((each) => each.name === name)?.script;
          if (script !== undefined) onDraft({ simulator: script });
        }}
      >
        {SCRIPTS.map(({ name }) => (
          <option key={name}>{name}</option>
        ))}
        {chosen === undefined && <option value="own">own script</option>}
      </Choice>
      {draft.simulator !== "" && (
        <Area {...props} field="simulator" label="provider_options.simulator" />
      )}
    </>
  );
}

/** Everything that a request can have beside its prompt. */
export function OptionFields(props: OptionFieldsProps) {
  const { draft, onDraft } = props;
  return (
    <details class="playground-options">
      <summary>Options</summary>
      <div class="fields">
        <Line {...props} field="temperature" label="Temperature" />
        <Line {...props} field="maxOutputTokens" label="Most output tokens" />
        <Choice
          label="Reasoning effort"
          value={draft.effort}
          onValue={(effort) => onDraft({ effort })}
        >
          <option value="">default</option>
          {EFFORTS.map((effort) => (
            <option key={effort} value={`REASONING_EFFORT_${effort.toUpperCase()}`}>
              {effort}
            </option>
          ))}
        </Choice>
        <Choice
          label="Output"
          value={draft.format}
          onValue={(value) => onDraft({ format: toFormat(value) })}
        >
          <option value="text">text</option>
          <option value="json_object">JSON object</option>
          <option value="json_schema">JSON with a schema</option>
        </Choice>
        <Choice label="Tools" value={draft.toolMode} onValue={(toolMode) => onDraft({ toolMode })}>
          <option value="">the model decides</option>
          <option value="TOOL_MODE_REQUIRED">must be called</option>
          <option value="TOOL_MODE_NONE">must not be called</option>
        </Choice>
        <ScriptFields {...props} />
        {draft.format === "json_schema" && <Area {...props} field="schema" label="JSON Schema" />}
        <Area {...props} field="system" label="Instructions (system message)" />
        <Area {...props} field="tools" label="Tools, as a JSON list" />
      </div>
    </details>
  );
}
