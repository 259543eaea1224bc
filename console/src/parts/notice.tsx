import type { ComponentChildren } from "preact";

const MARKS = { error: "✕", warning: "!", empty: "–", busy: "…", done: "✓" } as const;

export interface NoticeProps {
  readonly kind: keyof typeof MARKS;
  /** What the reader can try. */
  readonly advice?: string;
  readonly children: ComponentChildren;
}

/** A sentence about the state of a view: an error, an empty list, a wait. */
export function Notice({ kind, advice, children }: NoticeProps) {
  return (
    <div class={`notice ${kind}`} role={kind === "error" ? "alert" : "status"}>
      <span class="mark" aria-hidden="true">
        {MARKS[kind]}
      </span>
      <div>
        {children}
        {advice !== undefined && advice !== "" && <p class="quiet">{advice}</p>}
      </div>
    </div>
  );
}
