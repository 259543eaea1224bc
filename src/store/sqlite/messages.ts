// Messages between the engine and its thread.
import type { StoreTrouble } from "../store-trouble.ts";
import type { OpenFailure } from "./open-error.ts";

/** Time of the store and its living sessions at the time of a call. */
export interface Moment {
  readonly now: number;
  readonly sessions: readonly string[];
}

export interface Call {
  /** Index of the tenant in the thread. */
  readonly tenant: number;
  readonly method: string;
  readonly args: readonly unknown[];
}

/** The calls that arrived during the previous group: one transaction, answered in order. */
export interface CallGroup {
  readonly moment: Moment;
  readonly calls: readonly Call[];
  /** Whether to close the file after these calls. */
  readonly isLast: boolean;
}

export type Answer =
  | { readonly value: unknown }
  | {
      readonly failure: string;
      readonly isApplied: "no" | "unknown";
      readonly trouble: StoreTrouble;
    };

export interface WorkerOptions {
  readonly path: string;
  readonly maxBytes: number | undefined;
  /** URLs of the tenants' modules. The export `tenant` of each is a `ThreadTenant`. */
  readonly tenants: readonly string[];
}

/** First message of the thread. */
export type Opening =
  | { readonly state: "open" }
  | { readonly state: "failed"; readonly failure: OpenFailure; readonly message: string };
