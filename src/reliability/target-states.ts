import type { Clock } from "../clock.ts";
import type { TargetName } from "../domain/generation.ts";
import type { LimitSettings } from "../domain/limit-settings.ts";
import { ConcurrencyLimit } from "./concurrency-limit.ts";
import { limitOf, type ReliabilitySettings } from "./reliability-settings.ts";
import type { SharedPlaces } from "./shared-places.ts";
import type { TargetChange } from "./target-change.ts";
import { InstanceState, TargetState } from "./target-state.ts";

/** Most unlisted models of one instance that have a state. */
const MAX_UNLISTED = 256;

/** States of instances and their models since the start, by name. */
export class TargetStates {
  readonly #clock: Clock;
  readonly #instances = new Map<string, InstanceState>();
  readonly #targets = new Map<string, Map<string, TargetState>>();
  /** Unlisted models by instance, the latest requested at the end. */
  readonly #unlisted = new Map<string, Set<string>>();
  readonly #watchers: ((target: TargetName, change: TargetChange) => void)[] = [];
  readonly #places: SharedPlaces | undefined;
  #settings: ReliabilitySettings;

  /** `places`: those that this worker shares with the others of its command; undefined: there are no others. */
  constructor(clock: Clock, settings: ReliabilitySettings, places?: SharedPlaces) {
    this.#clock = clock;
    this.#settings = settings;
    this.#places = places;
  }

  get settings(): ReliabilitySettings {
    return this.#settings;
  }

  /** Replaces the operator's settings. */
  configure(settings: ReliabilitySettings): void {
    this.#settings = settings;
  }

  /** Watches all changes that this replica has caused itself, not those received from other replicas. */
  onChange(watcher: (target: TargetName, change: TargetChange) => void): void {
    this.#watchers.push(watcher);
  }

  instance(id: string): InstanceState {
    let state = this.#instances.get(id);
    if (state === undefined) {
      state = new InstanceState(this.#clock, () => this.#settings);
      this.#instances.set(id, state);
    }
    return state;
  }

  of(target: TargetName): TargetState {
    const { provider, model, isUnlisted } = target;
    let models = this.#targets.get(provider);
    if (models === undefined) {
      models = new Map();
      this.#targets.set(provider, models);
    }
    let state = models.get(model);
    if (state === undefined) {
      const created: TargetState = new TargetState({
        clock: this.#clock,
        settings: () => this.#settings,
        limit: new ConcurrencyLimit(
          this.#clock,
          this.#limitOf(provider, model),
          this.#places?.of(target),
        ),
        instance: this.instance(provider),
        onChange: (change) => this.#tell(target, created, change),
      });
      models.set(model, created);
      state = created;
    }
    if (isUnlisted) this.#keepLatest(provider, model, models);
    return state;
  }

  /** Removes the state of an unlisted name after `MAX_UNLISTED` later ones. */
  #keepLatest(provider: string, model: string, models: Map<string, TargetState>): void {
    const names = this.#unlisted.get(provider) ?? new Set();
    this.#unlisted.set(provider, names);
    names.delete(model);
    names.add(model);
    const [oldest] = names;
    if (names.size <= MAX_UNLISTED || oldest === undefined) return;
    names.delete(oldest);
    models.delete(oldest);
  }

  /** Whether a request named the model and no list has it. */
  isUnlisted(provider: string, model: string): boolean {
    return this.#unlisted.get(provider)?.has(model) ?? false;
  }

  #tell(target: TargetName, state: TargetState, change: TargetChange): void {
    // A state that was removed belongs to a target that no longer exists.
    if (this.#targets.get(target.provider)?.get(target.model) !== state) return;
    for (const watcher of this.#watchers) watcher(target, change);
  }

  /** The limit of one target, computed once after each reload. */
  #limitOf(provider: string, model: string): () => LimitSettings {
    let known = this.#settings;
    let limit = this.#shared(limitOf(known, provider, model));
    return () => {
      if (known !== this.#settings) {
        known = this.#settings;
        limit = this.#shared(limitOf(known, provider, model));
      }
      return limit;
    };
  }

  /** Places move between the workers of a command, and each has its share of the queue. */
  #shared(limit: LimitSettings): LimitSettings {
    if (this.#places === undefined) return limit;
    return { ...limit, queueLength: this.#places.share(limit.queueLength) };
  }

  /** Places for all calls of this process, of those that are configured. */
  get maxInFlight(): number {
    const { maxInFlight } = this.#settings.limit;
    return this.#places === undefined ? maxInFlight : this.#places.share(maxInFlight);
  }

  /** The models of an instance that have had traffic. */
  models(provider: string): ReadonlyMap<string, TargetState> {
    return this.#targets.get(provider) ?? new Map();
  }

  /** Removes the states of an instance whose address or credential was replaced. */
  forget(provider: string): void {
    this.#instances.delete(provider);
    this.#targets.delete(provider);
    this.#unlisted.delete(provider);
  }
}
