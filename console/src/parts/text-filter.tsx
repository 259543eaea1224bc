import { useEffect, useState } from "preact/hooks";

export interface TextFilterProps {
  readonly label: string;
  readonly value: string;
  readonly maxLength: number;
  onChange(value: string): void;
}

/** A field whose value takes effect at Enter, or when it is left. */
export function TextFilter({ label, value, maxLength, onChange }: TextFilterProps) {
  const [text, setText] = useState(value);
  useEffect(() => setText(value), [value]);
  const apply = (): void => {
    if (text.trim() !== value) onChange(text.trim());
  };
  return (
    <label>
      {label}
      <input
        type="search"
        autocomplete="off"
        value={text}
        maxLength={maxLength}
        onInput={(event) => setText(event.currentTarget.value)}
        onBlur={apply}
        onKeyDown={(event) => event.key === "Enter" && apply()}
        onSearch={apply}
      />
    </label>
  );
}
