// Values at and beyond the edges of the contract's rules.
import { ScalarType } from "@bufbuild/protobuf";
import type { FieldRules } from "@bufbuild/protovalidate/gen/buf/validate/validate_pb.js";

type Type = FieldRules["type"];

const NANOS = 1_000_000_000n;
/** Texts around the patterns of the contract. */
const TEXTS = [
  "",
  "a",
  "A",
  "USD",
  "USDX",
  "EUR\n",
  "é",
  "a b",
  "a:b.c_d-e",
  "https://x",
  "xhttps://",
];

/** The range of a type's rules. */
function boundsOf<Bound>(type: Type): readonly Bound[] {
  const { greaterThan, lessThan } = (type.value ?? {}) as Record<string, { value?: Bound }>;
  return [greaterThan?.value, lessThan?.value].filter((bound) => bound !== undefined);
}

export function texts(type: Type): readonly string[] {
  if (type.case !== "string") return TEXTS;
  const { minLen, maxLen, maxBytes, pattern } = type.value;
  const repetition = /\{(?:(\d+),)?(\d+)\}/.exec(pattern)?.slice(1).map(Number) ?? [];
  const around = repetition.flatMap((bound) => [bound - 1, bound, bound + 1, bound + 2]);
  const lengths = [...around, ...[minLen - 1n, minLen, maxLen, maxLen + 1n].map(Number)];
  const exact = lengths
    .filter((length) => length > 0)
    .flatMap((length) => ["a".repeat(length), "🚀".repeat(length)]);
  const wide = "é".repeat(Number(maxBytes) / 2);
  return [...TEXTS, ...exact, ...(wide === "" ? [] : [wide, `${wide}a`])];
}

function numbers(type: Type): readonly number[] {
  const bounds = boundsOf<number | bigint>(type).map(Number);
  return [0, 1, ...bounds.flatMap((bound) => [bound - 1, bound, bound + 1])];
}

export function durations(type: Type): readonly { seconds: bigint; nanos: number }[] {
  const bounds = boundsOf<{ seconds: bigint; nanos: number }>(type);
  const all = [0n, NANOS, ...bounds.map(({ seconds, nanos }) => seconds * NANOS + BigInt(nanos))];
  return all
    .flatMap((bound) => [bound - NANOS, bound - 1n, bound, bound + 1n])
    .map((nanos) => ({ seconds: nanos / NANOS, nanos: Number(nanos % NANOS) }));
}

export function scalars(scalar: ScalarType | undefined, type: Type): readonly unknown[] {
  switch (scalar) {
    case ScalarType.STRING:
      return texts(type);
    case ScalarType.BYTES: {
      const most = type.case === "bytes" ? Number(type.value.maxLen) : 0;
      return [new Uint8Array(most), new Uint8Array(most + 1)];
    }
    case ScalarType.BOOL:
      return [false, true];
    case ScalarType.DOUBLE:
      return [
        ...numbers(type),
        Number.NaN,
        Number.POSITIVE_INFINITY,
        Number.NEGATIVE_INFINITY,
        -0,
        0.5,
      ];
    case ScalarType.INT64:
      return numbers(type).map(BigInt);
    default:
      return numbers(type);
  }
}
