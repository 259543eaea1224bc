// Visits every reachable state of a model, nearest first, and checks each one.

export interface Step<State> {
  /** Name of the step in a violation's story. */
  readonly name: string;
  readonly next: State;
  /** A violation during the step that the next state does not show. */
  readonly violation?: string | undefined;
}

export interface Model<State> {
  readonly initial: State;
  steps(state: State): Iterable<Step<State>>;
  /** Equal for equal states. */
  keyOf(state: State): string;
  /** The violation in a state; undefined: none. */
  violationOf(state: State): string | undefined;
}

export interface Exploration {
  readonly states: number;
  /** True if every reachable state was visited. */
  readonly isComplete: boolean;
  readonly violation: string | undefined;
  /** The shortest sequence of steps that leads to the violation. */
  readonly story: readonly string[];
}

/** Breadth first, at most `maxStates` states. */
export function explore<State>(model: Model<State>, maxStates: number): Exploration {
  const indexes = new Map<string, number>([[model.keyOf(model.initial), 0]]);
  const cameFrom: number[] = [-1];
  const names: string[] = ["begin"];
  const queue: (State | undefined)[] = [model.initial];

  function tell(violation: string, from: number, name: string): Exploration {
    const story = [name];
    for (let at = from; at > 0; at = cameFrom[at] ?? 0) story.unshift(names[at] ?? "");
    return { states: queue.length, isComplete: false, violation, story };
  }

  for (let at = 0; at < queue.length; at++) {
    const state = queue[at];
    if (state === undefined) continue;
    queue[at] = undefined;
    for (const { name, next, violation } of model.steps(state)) {
      if (violation !== undefined) return tell(violation, at, name);
      const key = model.keyOf(next);
      if (indexes.has(key)) continue;
      const wrong = model.violationOf(next);
      if (wrong !== undefined) return tell(wrong, at, name);
      if (queue.length >= maxStates) {
        return { states: queue.length, isComplete: false, violation: undefined, story: [] };
      }
      indexes.set(key, queue.length);
      cameFrom.push(at);
      names.push(name);
      queue.push(next);
    }
  }
  return { states: queue.length, isComplete: true, violation: undefined, story: [] };
}
