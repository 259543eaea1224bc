import { BoundedNames, OTHER } from "./bounded-names.ts";
import { attribute } from "./names.ts";

/** Most callers with their own label. */
const MAX_CALLERS = 256;

type CallerLabel = { readonly [attribute.caller]?: string };

const NONE: CallerLabel = {};

/** Labels of callers. Without `telemetry.caller_labels` there are none. */
export class CallerLabels {
  readonly #isOn: boolean;
  readonly #names = new BoundedNames(MAX_CALLERS);

  constructor(isOn: boolean) {
    this.#isOn = isOn;
  }

  /** `caller` undefined: the caller is unknown. */
  of(caller: string | undefined): CallerLabel {
    if (!this.#isOn || caller === undefined) return NONE;
    this.#names.add(caller);
    return { [attribute.caller]: this.#names.has(caller) ? caller : OTHER };
  }
}
