import type { Draft, DraftError } from "./draft.ts";
import { ModelFields } from "./model-fields.tsx";
import { OptionFields } from "./option-fields.tsx";
import type { KnownModels } from "./use-models.ts";

export interface RequestFormProps {
  readonly draft: Draft;
  readonly mistake: DraftError | undefined;
  readonly known: KnownModels;
  readonly onDraft: (change: Partial<Draft>) => void;
  readonly onSend: () => void;
}

/** Prompt, models and options. */
export function RequestForm({ draft, mistake, known, onDraft, onSend }: RequestFormProps) {
  return (
    <form
      class="card playground-form"
      onSubmit={(event) => {
        event.preventDefault();
        onSend();
      }}
    >
      <fieldset class="plain">
        <legend>Model</legend>
        <ModelFields
          names={draft.models}
          known={known}
          onNames={(names) => onDraft({ models: names })}
        />
      </fieldset>
      <label for="prompt">Prompt</label>
      <textarea
        id="prompt"
        rows={4}
        value={draft.prompt}
        aria-invalid={mistake?.field === "prompt"}
        onInput={({ currentTarget }) => onDraft({ prompt: currentTarget.value })}
        onKeyDown={(event) => {
          if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) onSend();
        }}
      />
      <OptionFields draft={draft} mistake={mistake} onDraft={onDraft} />
      <div class="row">
        <button type="submit" class="primary">
          Send
        </button>
        <span class="quiet">Ctrl+Enter sends. The output is kept in this page alone.</span>
      </div>
    </form>
  );
}
