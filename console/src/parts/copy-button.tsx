import { useState } from "preact/hooks";

type Copied = "no" | "yes" | "refused";

const LABELS = { no: "Copy", yes: "✓ Copied", refused: "Select and copy by hand" } as const;

/** Copies a text to the clipboard, and says whether that worked: pages without TLS have no clipboard. */
export function CopyButton({ text, label = LABELS.no }: { text: string; label?: string }) {
  const [copied, setCopied] = useState<{ text: string; state: Copied }>({ text, state: "no" });
  const state = copied.text === text ? copied.state : "no";
  async function copy(): Promise<void> {
    try {
      await navigator.clipboard.writeText(text);
      setCopied({ text, state: "yes" });
    } catch {
      setCopied({ text, state: "refused" });
    }
  }
  return (
    <button type="button" onClick={() => void copy()}>
      <span aria-live="polite">{state === "no" ? label : LABELS[state]}</span>
    </button>
  );
}
