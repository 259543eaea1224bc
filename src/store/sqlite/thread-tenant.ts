// A tenant's part in the thread of the file.
import type { DatabaseSync } from "node:sqlite";
import type { Moment } from "./messages.ts";
import type { Schema } from "./schema.ts";

/** The methods of a tenant, as its interface `C` declares them. */
export type TenantCalls<C> = { readonly [Name in keyof C]: (...args: never[]) => unknown };

/** The calls as the thread serves them; `M` names some of them. Each is a bounded amount of work. */
export type Handlers<C extends TenantCalls<C>, M extends keyof C = keyof C> = {
  readonly [Name in M]: (moment: Moment, ...args: Parameters<C[Name]>) => ReturnType<C[Name]>;
};

export interface ThreadFile {
  readonly db: DatabaseSync;
  /** The last write has failed, and nobody has seen since that the file takes one. */
  readonly isTroubled: () => boolean;
}

export interface ThreadTenant {
  readonly schema: Schema;
  /** Methods that change the file, beside their answer. */
  readonly writes: readonly string[];
  /**
   * Called once, when the tables are there. A method named `check` fails where the file would take no write:
   * it has to try one while the file is troubled, since the trouble is over when it succeeds.
   */
  serve(file: ThreadFile): Readonly<Record<string, (moment: Moment, ...args: never[]) => unknown>>;
}
