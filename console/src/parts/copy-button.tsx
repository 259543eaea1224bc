import { useEffect, useState } from "preact/hooks";

const SHOWN_MS = 1_500;

/** Writes a text to the clipboard. Browsers have the newer way on secure pages and on loopback only. */
async function copyText(text: string): Promise<boolean> {
  if (navigator.clipboard !== undefined) {
    return navigator.clipboard.writeText(text).then(
      () => true,
      () => false,
    );
  }
  const field = document.createElement("textarea");
  field.value = text;
  // A dialog makes everything outside of it inert.
  const place = document.querySelector("dialog[open]") ?? document.body;
  place.append(field);
  field.select();
  const isCopied = document.execCommand("copy");
  field.remove();
  return isCopied;
}

/** Copies `text`; `what` names it: "Copy" and `what` are the button's name. */
export function CopyButton({ text, what }: { text: string; what: string }) {
  const [state, setState] = useState<"ready" | "copied" | "failed">("ready");
  useEffect(() => {
    if (state === "ready") return;
    const timer = setTimeout(() => setState("ready"), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [state]);
  const copy = async (): Promise<void> => {
    setState((await copyText(text)) ? "copied" : "failed");
  };
  return (
    <button type="button" class="copy" aria-label={`Copy ${what}`} onClick={() => void copy()}>
      <span aria-live="polite">
        {state === "ready" ? "copy" : state === "copied" ? "copied" : "select and copy by hand"}
      </span>
    </button>
  );
}
