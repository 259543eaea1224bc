import type { CallerDirectory, CallerGroup, CallerProfile } from "../ports/caller-directory.ts";

export interface CallerLists {
  readonly callers: readonly CallerProfile[];
  readonly groups: readonly CallerGroup[];
}

/** Callers and groups of the configuration by their identifiers. */
export class ConfiguredCallers implements CallerDirectory {
  readonly #lists: () => CallerLists;
  #of: CallerLists | undefined;
  #callers = new Map<string, CallerProfile>();
  #groups = new Map<string, CallerGroup>();

  /** `lists` answers the same object until a reload. */
  constructor(lists: () => CallerLists) {
    this.#lists = lists;
  }

  get callers(): ReadonlyMap<string, CallerProfile> {
    this.#look();
    return this.#callers;
  }

  get groups(): ReadonlyMap<string, CallerGroup> {
    this.#look();
    return this.#groups;
  }

  profile(id: string): CallerProfile | undefined {
    return this.callers.get(id);
  }

  group(id: string): CallerGroup | undefined {
    return this.groups.get(id);
  }

  #look(): void {
    const lists = this.#lists();
    if (lists === this.#of) return;
    this.#of = lists;
    this.#callers = new Map(lists.callers.map((caller) => [caller.id, caller]));
    this.#groups = new Map(lists.groups.map((group) => [group.id, group]));
  }
}

/** Each of them, the first where both know an identifier. */
export function joinDirectories(first: CallerDirectory, second: CallerDirectory): CallerDirectory {
  return {
    profile: (id) => first.profile(id) ?? second.profile(id),
    group: (id) => first.group(id) ?? second.group(id),
  };
}
