import type { Clock } from "../clock.ts";
import type { TargetName } from "../domain/generation.ts";
import type { ReliabilitySettings } from "./settings.ts";
import { InstanceState, TargetState } from "./target-state.ts";

/** Everything that is known of instances and their models since the start, by name. */
export class TargetStates {
  readonly #clock: Clock;
  readonly #instances = new Map<string, InstanceState>();
  readonly #targets = new Map<string, Map<string, TargetState>>();
  readonly #watchers: ((target: TargetName, ms: number) => void)[] = [];
  #settings: ReliabilitySettings;

  constructor(clock: Clock, settings: ReliabilitySettings) {
    this.#clock = clock;
    this.#settings = settings;
  }

  get settings(): ReliabilitySettings {
    return this.#settings;
  }

  /** The operator's numbers from now on. */
  configure(settings: ReliabilitySettings): void {
    this.#settings = settings;
  }

  /** Tells of every cooldown that is new or longer, not of those taken over from elsewhere. */
  onCooldown(watcher: (target: TargetName, ms: number) => void): void {
    this.#watchers.push(watcher);
  }

  instance(id: string): InstanceState {
    let state = this.#instances.get(id);
    if (state === undefined) {
      state = new InstanceState(() => this.#settings);
      this.#instances.set(id, state);
    }
    return state;
  }

  of({ provider, model }: TargetName): TargetState {
    let models = this.#targets.get(provider);
    if (models === undefined) {
      models = new Map();
      this.#targets.set(provider, models);
    }
    let state = models.get(model);
    if (state === undefined) {
      state = new TargetState(
        this.#clock,
        () => this.#settings,
        this.instance(provider),
        (ms) => {
          for (const watcher of this.#watchers) watcher({ provider, model }, ms);
        },
      );
      models.set(model, state);
    }
    return state;
  }

  /** The models of an instance that have had traffic. */
  models(provider: string): ReadonlyMap<string, TargetState> {
    return this.#targets.get(provider) ?? new Map();
  }

  /** The instance is another one now: other address, other credential. */
  forget(provider: string): void {
    this.#instances.delete(provider);
    this.#targets.delete(provider);
  }
}
