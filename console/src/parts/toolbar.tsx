import type { ComponentChildren } from "preact";

/** Links and fields above the data of a view. The chosen one of several links has `aria-current`. */
export function Toolbar({ children }: { children: ComponentChildren }) {
  return <div class="toolbar">{children}</div>;
}
