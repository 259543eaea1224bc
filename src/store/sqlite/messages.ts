// What passes between the engine and its thread.
import type { StoreTrouble } from "../store-trouble.ts";
import type { OpenFailure } from "./open-error.ts";

/** The store's time and its living sessions, as they are when a call is made. */
export interface Moment {
  readonly now: number;
  readonly sessions: readonly string[];
}

export interface Call {
  /** Its place among the tenants of the thread. */
  readonly tenant: number;
  readonly method: string;
  readonly args: readonly unknown[];
}

/** What has come while the group before was on its way: one transaction, answered in order. */
export interface CallGroup {
  readonly moment: Moment;
  readonly calls: readonly Call[];
  /** Close the file after these. */
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
  /** Addresses of the modules of the tenants: the export `tenant` of each is a `ThreadTenant`. */
  readonly tenants: readonly string[];
}

/** First message of the thread. */
export type Opening =
  | { readonly state: "open" }
  | { readonly state: "failed"; readonly failure: OpenFailure; readonly message: string };
