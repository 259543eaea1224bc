import type { ModelRecord, Parameter } from "../domain/model.ts";
import type { TokenRules } from "../domain/token-rules.ts";

/** Facts about a provider type that the configuration needs. */
export interface TypeFacts {
  /** Environment variable of the credential; undefined: needs none. */
  readonly apiKeyVariable: string | undefined;
  /** Empty: every instance has an address of its own. */
  readonly defaultBaseUrl: string;
  /** Whether an instance with the type's name exists even if the file has none. */
  readonly hasDefaultInstance: boolean;
  /** No instance of another type has its name, whether or not the file has one of this type. */
  readonly isNameReserved: boolean;
  /** Why an address cannot be its base URL, as a clause; undefined: it can. */
  baseUrlProblem(baseUrl: string): string | undefined;
  /** Why the API version of an instance does not fit its address; unset: the type has no API versions. */
  apiVersionProblem?(baseUrl: string, apiVersion: string | undefined): string | undefined;
  /** Why it does not speak a dialect that it could be taken to speak; undefined: no more is to say. */
  dialectProblem?(dialect: string): string | undefined;
  /** Dialects it speaks, each with the parameters that its wire can carry. */
  readonly dialects: Readonly<Record<string, readonly Parameter[]>>;
  /** Parameters that a dialect's wire carries for models whose record lists them, beside those of all. */
  readonly listedParameters: Readonly<Record<string, readonly Parameter[]>>;
  /** Keys of `wire` that are read for a model of a dialect, as a record spells them. */
  readonly wireFacts: Readonly<Record<string, readonly string[]>>;
  /** Dialect of an instance that configures none. */
  defaultDialect(baseUrl: string): string;
  /** How tokens are counted if the provider does not report them. */
  readonly tokens: TokenRules;
  /** Built-in models. */
  readonly models: readonly ModelRecord[];
}

export type TypeTable = Readonly<Record<string, TypeFacts>>;
