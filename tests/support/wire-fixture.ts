import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Cost } from "../../src/domain/cost.ts";
import type { GenerationSpec } from "../../src/domain/generation-spec.ts";
import type { ProviderEvent } from "../../src/domain/provider-event.ts";

/** The events that an adapter must make from a recorded answer. */
export interface Expectation {
  readonly dialect: string;
  readonly stream: boolean;
  readonly spec?: Partial<GenerationSpec>;
  /** The expected cost of its counts at a model's prices, calculated in the fixture's head. */
  readonly golden?: { readonly model: string; readonly cost: Partial<Cost> };
  readonly events: readonly ProviderEvent[];
  readonly error?: {
    readonly kind: string;
    readonly retryAfterMs?: number;
    readonly providerFailure?: object;
  };
}

/** An answer as on the wire, with its expectation. */
export interface WireFixture {
  readonly name: string;
  readonly status: number;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: Buffer;
  readonly expected: Expectation;
}

const FOLDER = join(import.meta.dirname, "../fixtures");

/** `# source` lines, status line, headers, a blank line, the body byte for byte. */
function parseWire(bytes: Buffer): Pick<WireFixture, "status" | "headers" | "body"> {
  let position = 0;
  const line = (): string => {
    const end = bytes.indexOf("\n", position);
    const text = bytes.subarray(position, end).toString("utf8");
    position = end + 1;
    return text;
  };
  let first = line();
  if (!first.startsWith("# ")) throw new Error("a fixture begins with its source");
  while (first.startsWith("# ")) first = line();
  const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(first)?.[1]);
  const headers: (readonly [string, string])[] = [];
  for (let header = line(); header !== ""; header = line()) {
    const colon = header.indexOf(":");
    headers.push([header.slice(0, colon), header.slice(colon + 1).trim()]);
  }
  return { status, headers, body: bytes.subarray(position) };
}

/** Fixtures of a provider type, for all dialects. */
export function loadFixtures(type: string): WireFixture[] {
  const root = join(FOLDER, type);
  return readdirSync(root, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap(({ name: dialect }) =>
      readdirSync(join(root, dialect))
        .filter((file) => file.endsWith(".http"))
        .map((file) => {
          const base = join(root, dialect, file.slice(0, -".http".length));
          const expected = JSON.parse(readFileSync(`${base}.expected.json`, "utf8")) as Expectation;
          return {
            name: `${type}/${dialect}/${file}`,
            ...parseWire(readFileSync(`${base}.http`)),
            expected,
          };
        }),
    );
}
