import type { ComponentChildren } from "preact";

/** One entry of a `<dl class="figures">`. */
export function Fact({ label, children }: { label: string; children: ComponentChildren }) {
  return (
    <div>
      <dt>{label}</dt>
      <dd>{children}</dd>
    </div>
  );
}
