import type { ComponentChildren } from "preact";

export type BadgeKind = "good" | "bad" | "warning" | "busy" | "quiet";

const MARKS: Readonly<Record<BadgeKind, string>> = {
  good: "✓",
  bad: "✕",
  warning: "!",
  busy: "●",
  quiet: "–",
};

/** A state by word and shape, not by colour alone. */
export function Badge({ kind, children }: { kind: BadgeKind; children: ComponentChildren }) {
  return (
    <span class={`badge ${kind}`}>
      <span aria-hidden="true">{MARKS[kind]}</span> {children}
    </span>
  );
}
