import type { ModelRecord, Parameter } from "../domain/model.ts";
import type { TokenRules } from "../domain/token-rules.ts";

/** What the configuration has to know of a provider type. */
export interface TypeFacts {
  /** Environment variable of the credential; undefined: needs none. */
  readonly apiKeyVariable: string | undefined;
  /** Empty: every instance has an address of its own. */
  readonly defaultBaseUrl: string;
  /** There is an instance of its name where the file has none. */
  readonly hasDefaultInstance: boolean;
  /** No instance of another type has its name, whether or not the file has one of this type. */
  readonly isNameReserved: boolean;
  /** Why an address cannot be its base URL, as a clause; undefined: it can. */
  baseUrlProblem(baseUrl: string): string | undefined;
  /** What is wrong with the API version of an instance at this address; unset: it reads none. */
  apiVersionProblem?(baseUrl: string, apiVersion: string | undefined): string | undefined;
  dialectProblem?(dialect: string): string | undefined;
  /** Dialects with the parameters that their wires carry: for all models, and for those that list them. */
  readonly dialects: Readonly<Record<string, readonly Parameter[]>>;
  readonly listedParameters: Readonly<Record<string, readonly Parameter[]>>;
  /** Keys of `wire` that are read for a model of a dialect, as a record spells them. */
  readonly wireFacts: Readonly<Record<string, readonly string[]>>;
  defaultDialect(baseUrl: string): string;
  readonly tokens: TokenRules;
  /** Built-in models. */
  readonly models: readonly ModelRecord[];
}

export type TypeTable = Readonly<Record<string, TypeFacts>>;
