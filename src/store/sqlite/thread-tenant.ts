// A tenant's part in the thread of the SQLite file.
import type { DatabaseSync } from "node:sqlite";
import type { Moment } from "./messages.ts";
import type { Schema } from "./schema.ts";

/** Type of a tenant's methods, which its interface `C` declares. */
export type TenantCalls<C> = { readonly [Name in keyof C]: (...args: never[]) => unknown };

/** Handlers of the calls in the thread; `M` selects some of them. Each does a bounded amount of work. */
export type Handlers<C extends TenantCalls<C>, M extends keyof C = keyof C> = {
  readonly [Name in M]: (moment: Moment, ...args: Parameters<C[Name]>) => ReturnType<C[Name]>;
};

export interface ThreadFile {
  readonly db: DatabaseSync;
  /** Whether a write has failed and no `check` has succeeded since. */
  readonly isTroubled: () => boolean;
}

export interface ThreadTenant {
  readonly schema: Schema;
  /** Names of the methods that change the file. */
  readonly writes: readonly string[];
  /**
   * Called once, when the tables exist. A method `check` must fail if the file would accept no write. While the file
   * is troubled, `check` must try a write, because its success ends the trouble.
   */
  serve(file: ThreadFile): Readonly<Record<string, (moment: Moment, ...args: never[]) => unknown>>;
}
