import type { KnownModels } from "./use-models.ts";

/** Models side by side. */
const MAX_MODELS = 4;

export interface ModelFieldsProps {
  readonly names: readonly string[];
  readonly known: KnownModels;
  readonly onNames: (names: readonly string[]) => void;
}

/** One field for each model, with the service's models to choose from. */
export function ModelFields({ names, known, onNames }: ModelFieldsProps) {
  const [first = ""] = known.models.map(({ id }) => id);
  return (
    <div class="playground-models">
      <datalist id="known-models">
        {known.models.map(({ id, isAvailable }) => (
          <option key={id} value={id}>
            {isAvailable ? id : `${id} (cannot be called now)`}
          </option>
        ))}
      </datalist>
      {names.map((name, index) => (
        <span key={index} class="playground-model">
          <input
            list="known-models"
            aria-label={`Model ${index + 1}`}
            placeholder={index === 0 && first !== "" ? `for example ${first}` : "model"}
            maxLength={256}
            value={name}
            onInput={({ currentTarget }) => onNames(names.with(index, currentTarget.value))}
          />
          {names.length > 1 && (
            <button
              type="button"
              aria-label={`Remove model ${index + 1}`}
              onClick={() => onNames(names.toSpliced(index, 1))}
            >
              ✕
            </button>
          )}
        </span>
      ))}
      <button
        type="button"
        disabled={names.length >= MAX_MODELS}
        onClick={() => onNames([...names, ""])}
      >
        + Another beside
      </button>
    </div>
  );
}
