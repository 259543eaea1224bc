import type { JsonObject } from "./json.ts";

/** Dialects of providers, by the names that models have them under. */
const DIALECTS = ["chat", "responses", "messages"] as const;

const PREFIX = "api:";

/** Name in `provider_options` of fields for every target that speaks a dialect, such as `api:chat`. */
export function dialectOptions(dialect: string): string {
  return `${PREFIX}${dialect}`;
}

const NAMES: ReadonlySet<string> = new Set(DIALECTS.map(dialectOptions));

/** What the dialect is spoken in: nothing is lost where another one is. */
const FORM: ReadonlySet<string> = new Set(["anthropic-version"]);

/** Fields of a request that targets of this dialect do not get: those for other dialects alone. */
export function foreignFields(
  options: Readonly<Record<string, JsonObject>>,
  dialect: string,
): readonly string[] {
  const own = dialectOptions(dialect);
  return Object.entries(options)
    .filter(([name]) => isDialectOptions(name) && name !== own)
    .flatMap(([, fields]) => Object.keys(fields).filter((field) => !FORM.has(field)));
}

/** Whether the name in `provider_options` is that of a dialect. */
export function isDialectOptions(name: string): boolean {
  return NAMES.has(name);
}

/** A target as far as content can belong to it. */
interface Owner {
  /** The instance. */
  readonly provider: string;
  readonly providerType: string;
  readonly dialect: string;
}

/** Whether content of an instance, a type or a dialect (`api:chat`) can go to a target. */
export function isOwnedBy(name: string, { provider, providerType, dialect }: Owner): boolean {
  return name === provider || name === providerType || name === dialectOptions(dialect);
}
