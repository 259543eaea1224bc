import { BoundedNames, OTHER } from "./bounded-names.ts";
import { attribute } from "./names.ts";

/** Callers that have a label of their own. */
const MAX_CALLERS = 256;

type CallerLabel = { readonly [attribute.caller]?: string };

const NONE: CallerLabel = {};

/** The labels of callers: none, unless the operator asks for them. */
export class CallerLabels {
  readonly #isOn: boolean;
  readonly #names = new BoundedNames(MAX_CALLERS);

  constructor(isOn: boolean) {
    this.#isOn = isOn;
  }

  /** Undefined: nobody knows who has called. */
  of(caller: string | undefined): CallerLabel {
    if (!this.#isOn || caller === undefined) return NONE;
    this.#names.add(caller);
    return { [attribute.caller]: this.#names.has(caller) ? caller : OTHER };
  }
}
