import type { Model } from "../domain/model.ts";

/** An instance that may accept unlisted model names. */
interface OpenInstance {
  readonly id: string;
  readonly unlistedModels: boolean;
}

/** A model name in the form that the configuration allows. */
const NAME = /^[^\s/]\S{0,255}$/;
/** Most models that are kept, so that the state of a known name is found again. */
const MAX_MODELS = 1_024;

/** Unlisted models, at instances that accept any name. Each is created when it is first named. */
export class UnlistedModels<T extends OpenInstance> {
  readonly #instances: ReadonlyMap<string, T>;
  readonly #create: (id: string, instance: T) => readonly Model[];
  /** Models by qualified name, the latest named at the end. */
  readonly #models = new Map<string, readonly Model[]>();

  constructor(instances: readonly T[], create: (id: string, instance: T) => readonly Model[]) {
    const open = instances.filter(({ unlistedModels }) => unlistedModels);
    this.#instances = new Map(open.map((instance) => [instance.id, instance]));
    this.#create = create;
  }

  /** The model of `INSTANCE/NAME`; empty if the instance accepts no unlisted names. */
  lookup(name: string): readonly Model[] {
    const slash = name.indexOf("/");
    const instance = this.#instances.get(name.slice(0, Math.max(0, slash)));
    const id = name.slice(slash + 1);
    if (instance === undefined || !NAME.test(id)) return [];
    const models = this.#models.get(name) ?? this.#create(id, instance);
    this.#models.delete(name);
    this.#models.set(name, models);
    const [oldest] = this.#models.keys();
    if (this.#models.size > MAX_MODELS && oldest !== undefined) this.#models.delete(oldest);
    return models;
  }
}
