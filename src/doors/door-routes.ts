import type { Door, DoorRoute } from "./door.ts";

/** A route of a door, with the path segments that the route names. */
export interface FoundRoute {
  readonly door: Door;
  /** Undefined: the path is below the door's, but has no route. */
  readonly route: DoorRoute | undefined;
  readonly params: Readonly<Record<string, string>>;
}

/** A segment of a route's path: a word, or the name of any segment. */
interface Segment {
  readonly word: string;
  readonly name: string | undefined;
}

interface Compiled {
  readonly door: Door;
  readonly route: DoorRoute;
  readonly segments: readonly Segment[];
}

function segmentsOf(path: string): Segment[] {
  const words = path.slice(1).split("/");
  return words.map((word) => ({ word, name: /^\{(\w+)\}$/.exec(word)?.[1] }));
}

const ROOT = "v1";

function decoded(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment);
  } catch {
    return undefined;
  }
}

/** The named segments; undefined: the path does not match. */
function match(segments: readonly Segment[], path: readonly string[]) {
  if (segments.length !== path.length) return undefined;
  const params: Record<string, string> = {};
  for (let index = 0; index < segments.length; index++) {
    const given = path[index] ?? "";
    const { word, name } = segments[index] as Segment;
    if (name === undefined) {
      if (word !== given) return undefined;
      continue;
    }
    const value = decoded(given);
    if (value === undefined || value === "") return undefined;
    params[name] = value;
  }
  return params;
}

/** The routes of all doors. */
export class DoorRoutes {
  readonly #doors: readonly Door[];
  readonly #compiled: readonly Compiled[];

  constructor(doors: readonly Door[]) {
    this.#doors = doors;
    this.#compiled = doors.flatMap((door) =>
      door.routes.map((route) => ({ door, route, segments: segmentsOf(route.path) })),
    );
  }

  /** Undefined: the path belongs to no door. `path`: without the query. */
  find(
    method: string,
    path: string,
    header: (name: string) => string | undefined,
  ): FoundRoute | undefined {
    const [first = "", ...rest] = path.slice(1).split("/");
    const named = this.#doors.find(({ name }) => name === first);
    const segments = named === undefined ? [first, ...rest] : rest;
    if (segments[0] !== ROOT || this.#doors.length === 0) return undefined;
    // HEAD is answered like GET, without the body.
    const asked = method === "HEAD" ? "GET" : method;
    const found: FoundRoute[] = [];
    for (const { door, route, segments: own } of this.#compiled) {
      if (route.method !== asked || (named !== undefined && door !== named)) continue;
      const params = match(own, segments);
      if (params !== undefined) found.push({ door, route, params });
    }
    if (found.length > 0) return found.find(({ door }) => door.isMeant(header)) ?? found[0];
    const door = named ?? this.#doors.find((each) => each.isMeant(header)) ?? this.#doors[0];
    return door === undefined ? undefined : { door, route: undefined, params: {} };
  }
}
