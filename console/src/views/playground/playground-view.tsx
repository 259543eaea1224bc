import { useState } from "preact/hooks";
import { Notice } from "../../parts/notice.tsx";
import type { Place } from "../../router.ts";
import { type Draft, DraftError, NEW_DRAFT } from "./draft.ts";
import "../../parts/forms.css";
import "./playground.css";
import { RequestForm } from "./request-form.tsx";
import { RunCard } from "./run-card.tsx";
import { useModels } from "./use-models.ts";
import { useRuns } from "./use-runs.ts";

/** The draft outlives a look at another view, and ends with the page. */
let keptDraft: Draft = NEW_DRAFT;

/** Asks models and shows their answers as they come. */
export function PlaygroundView({ place }: { place: Place }) {
  const [draft, setDraft] = useState<Draft>(() => {
    const model = place.params.get("model");
    return model === null ? keptDraft : { ...keptDraft, models: [model] };
  });
  const [mistake, setMistake] = useState<DraftError>();
  const known = useModels();
  const runs = useRuns();
  const change = (fields: Partial<Draft>): void => {
    setMistake(undefined);
    setDraft((before) => {
      keptDraft = { ...before, ...fields };
      return keptDraft;
    });
  };
  const send = (): void => {
    try {
      runs.start(draft);
      setMistake(undefined);
    } catch (error) {
      if (!(error instanceof DraftError)) throw error;
      setMistake(error);
    }
  };
  return (
    <>
      <h1>Playground</h1>
      <RequestForm draft={draft} mistake={mistake} known={known} onDraft={change} onSend={send} />
      {mistake !== undefined && <Notice kind="error">{mistake.message}</Notice>}
      {known.failure !== undefined && (
        <Notice kind="warning" advice="Type the name of a model.">
          The list of models cannot be had: {known.failure.text}
        </Notice>
      )}
      {runs.all.length === 0 && (
        <Notice kind="empty">
          Nothing was asked yet. The model <code>simulator</code> answers without a key and without
          cost.
        </Notice>
      )}
      <div class="runs">
        {runs.all.map((run) => (
          <RunCard key={run.requestId} run={run} />
        ))}
      </div>
    </>
  );
}
