import { hrefOf, type Place } from "./router.ts";

/** Changes values of the view's address; an empty value is left out. The back button leads to the view before. */
export function changeParams(
  { view, entry, params }: Place,
  changed: Record<string, string>,
): void {
  const next = { ...Object.fromEntries(params), ...changed };
  location.replace(hrefOf(view, entry, next));
}
