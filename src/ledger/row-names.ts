import { DAY_MS } from "./periods.ts";
import { encodeKey, OTHER, type RowKey } from "./row-key.ts";

/** Unlisted models that have rows of their own on one day, at one replica. */
const MAX_UNLISTED = 500;
/** Values of one label on one day, at one replica. */
const MAX_VALUES = 200;
/** Rows of one caller on one day, at one replica: a caller cannot take the room of the others. */
const MAX_CALLER_ROWS = 2_000;
/** Rows of all callers on one day, at one replica. */
const MAX_DAY_ROWS = 20_000;

/** Adds a value to a set that is not full; false: there is no room. */
function admit(values: Set<string>, value: string, most: number): boolean {
  if (values.has(value)) return true;
  if (values.size >= most) return false;
  values.add(value);
  return true;
}

function setOf(sets: Map<string, Set<string>>, name: string): Set<string> {
  const found = sets.get(name);
  if (found !== undefined) return found;
  const values = new Set<string>();
  sets.set(name, values);
  return values;
}

/** Bounds the names that requests make up: what is beyond is `other` until the next day. */
export class RowNames {
  readonly #isListed: (model: string) => boolean;
  #day = 0;
  #rows = 0;
  readonly #unlisted = new Set<string>();
  readonly #values = new Map<string, Set<string>>();
  readonly #ofCaller = new Map<string, Set<string>>();

  constructor(isListed: (model: string) => boolean) {
    this.#isListed = isListed;
  }

  /** The key of the row, by `encodeKey`. */
  bound(key: RowKey, hour: number): string {
    this.#startDay(Math.floor(hour / DAY_MS));
    const isModelKnown =
      this.#isListed(key.model) || admit(this.#unlisted, key.model, MAX_UNLISTED);
    const isValueKnown =
      key.value === "" || admit(setOf(this.#values, key.label), key.value, MAX_VALUES);
    const named = {
      ...key,
      ...(!isModelKnown && { model: OTHER }),
      ...(!isValueKnown && { value: OTHER }),
    };
    const encoded = encodeKey(named);
    if (this.#admitRow(key.caller, encoded)) return encoded;
    const value = key.label === "" ? "" : OTHER;
    return encodeKey({ ...named, model: OTHER, provider: OTHER, value });
  }

  #admitRow(caller: string, encoded: string): boolean {
    const rows = this.#ofCaller.get(caller);
    if (rows?.has(encoded)) return true;
    if (this.#rows >= MAX_DAY_ROWS || (rows?.size ?? 0) >= MAX_CALLER_ROWS) return false;
    setOf(this.#ofCaller, caller).add(encoded);
    this.#rows++;
    return true;
  }

  #startDay(day: number): void {
    if (day === this.#day) return;
    this.#day = day;
    this.#rows = 0;
    this.#unlisted.clear();
    this.#values.clear();
    this.#ofCaller.clear();
  }
}
