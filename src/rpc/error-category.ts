import { ErrorCategory } from "../../gen/service/steer/v1/error_pb.ts";
import { ERROR_KINDS } from "../domain/error-table.ts";
import type { ErrorKind } from "../domain/gateway-error.ts";

/** Converts the name of a kind into that of its category: `circuit-open` is CIRCUIT_OPEN. */
type CategoryName<Kind extends string> = Kind extends `${infer Head}-${infer Tail}`
  ? `${Uppercase<Head>}_${CategoryName<Tail>}`
  : Uppercase<Kind>;

function nameOf<Kind extends ErrorKind>(kind: Kind): CategoryName<Kind> {
  return kind.toUpperCase().replaceAll("-", "_") as CategoryName<Kind>;
}

const CATEGORIES: ReadonlyMap<ErrorKind, ErrorCategory> = new Map(
  ERROR_KINDS.map((kind) => [kind, ErrorCategory[nameOf(kind)]]),
);

const KINDS: ReadonlyMap<ErrorCategory, ErrorKind> = new Map(
  Array.from(CATEGORIES, ([kind, category]) => [category, kind]),
);

/** The contract's category of a kind. */
export function categoryOf(kind: ErrorKind): ErrorCategory {
  return CATEGORIES.get(kind) ?? ErrorCategory.UNKNOWN;
}

/** The kind of a category; undefined for a category that this version does not know. */
export function kindOf(category: ErrorCategory): ErrorKind | undefined {
  return KINDS.get(category);
}
