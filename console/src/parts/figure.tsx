import type { ComponentChildren } from "preact";

export interface FigureProps {
  readonly label: string;
  /** Address of the view that tells more. */
  readonly href?: string;
  /** Below the value: what it is of. */
  readonly note?: ComponentChildren;
  readonly children: ComponentChildren;
}

/** One value with its name, in a list (`dl`) of figures. */
export function Figure({ label, href, note, children }: FigureProps) {
  return (
    <div class="figure">
      <dt>{href === undefined ? label : <a href={href}>{label}</a>}</dt>
      <dd>
        <span class="value">{children}</span>
        {note !== undefined && <span class="note">{note}</span>}
      </dd>
    </div>
  );
}
