import type { ComponentChildren } from "preact";

/** One shape for each kind: no state is told by its colour alone. */
const SHAPES = { good: "●", busy: "◐", warning: "▲", bad: "■", quiet: "○" } as const;

export type BadgeKind = keyof typeof SHAPES;

/** A state, by a word and a shape. */
export function Badge({ kind, children }: { kind: BadgeKind; children: ComponentChildren }) {
  return (
    <span class={`badge ${kind}`}>
      <span class="shape" aria-hidden="true">
        {SHAPES[kind]}
      </span>
      {children}
    </span>
  );
}
