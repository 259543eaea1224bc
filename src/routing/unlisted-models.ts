import type { Model } from "../domain/model.ts";

/** An instance, and whether it takes any name of a model. */
interface OpenInstance {
  readonly id: string;
  readonly unlistedModels: boolean;
}

/** A name as the file could have it. */
const NAME = /^[^\s/]\S{0,255}$/;
/** Models that are kept, so that what was learned of one is found again. */
const MAX_MODELS = 1_024;

/** Models that no list has, at instances that take any name: each is made when it is first named. */
export class UnlistedModels<T extends OpenInstance> {
  readonly #instances: ReadonlyMap<string, T>;
  readonly #create: (id: string, instance: T) => readonly Model[];
  /** By qualified name, the one that was named last at the end. */
  readonly #models = new Map<string, readonly Model[]>();

  constructor(instances: readonly T[], create: (id: string, instance: T) => readonly Model[]) {
    const open = instances.filter(({ unlistedModels }) => unlistedModels);
    this.#instances = new Map(open.map((instance) => [instance.id, instance]));
    this.#create = create;
  }

  /** The model of `INSTANCE/NAME`; none where the instance takes no such names. */
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
