// Requests by the descriptors: any field, any arm of a oneof, any value, and often one that makes sense.
import {
  create,
  type DescEnum,
  type DescField,
  type DescMessage,
  type Message,
  ScalarType,
} from "@bufbuild/protobuf";
import type { Dice } from "../../simulation/scheduler.ts";

const MAX_DEPTH = 8;
/** Shares of fields that are set: few are valid together, and many are not seen alone. */
const SHARES = [0.03, 0.1, 0.4] as const;
/** Without these a request is refused for want of them. */
const NEEDED: ReadonlySet<string> = new Set([
  ...["spec", "model", "role", "prompt", "stream_id"],
  ...["id", "caller", "group", "update_mask", "paths"],
]);

/** Values that let a request through the rules, by the name of their field. */
const SENSIBLE: Readonly<Record<string, readonly [string, ...string[]]>> = {
  model: ["simulator", "simulator/simulator", "nothing"],
  provider: ["", "simulator", "anthropic"],
  prompt: ["Hi", "é🚀 and more"],
  stream_id: ["none", "0".repeat(26)],
  text: ["Hi", "", "line\nline"],
  schema: ['{"type":"object"}', '{"type":"string","maxLength":3}', "{", "[]", "7"],
  arguments_json: ["{}", '{"a":1}', "["],
  parameters_json_schema: ['{"type":"object"}', ""],
  name: ["tool_a", "b"],
  media_type: ["image/png", "application/pdf", "nonsense"],
  url: ["https://example.com/a.png", "http://[::1", "javascript:0"],
  role: ["caller"],
  id: ["a", "b", "team"],
  caller: ["a", "b"],
  group: ["", "", "a", "team"],
  prefix: ["sk-steer-aaaaaaaa", "a"],
  models: ["*", "simulator", "sim*"],
  providers: ["*", "simulator"],
  match: ["*", "sim*"],
  currency_code: ["USD", "EUR"],
  group_by: ["caller", "group", "model", "provider", "outcome", "label:team"],
  dimension: ["caller", "model", "outcome", "label:team"],
  paths: ["limits", "models", "group", "a.b"],
};
const ODD_TEXTS = [
  "",
  "a",
  "\0",
  "é🚀",
  "\u202e",
  "constructor",
  "__proto__",
  "../..",
  "%00",
  "a\r\nb: c",
  "x".repeat(300),
  "-1",
  "1e999",
] as const;
const PAST_SECONDS = 1_790_000_000;
const WHOLE = [0, 1, 2, 7, 100, -1, 2_147_483_647, -2_147_483_648] as const;
const LONG = [0n, 1n, 12n, -1n, 9_007_199_254_740_993n, 2n ** 63n - 1n, -(2n ** 63n)] as const;
const FLOATS = [0, 1, 0.5, -0, 1e308, 5e-324, NaN, Infinity, -Infinity] as const;

/** How many fields are set, and how deep it is. */
interface Place {
  readonly share: number;
  readonly depth: number;
}

function one<Value>(dice: Dice, of: readonly Value[]): Value {
  return dice.pick(of as unknown as [Value, ...Value[]]);
}

function text(dice: Dice, name: string): string {
  const sensible = SENSIBLE[name];
  if (sensible !== undefined && dice.chance(0.9)) return dice.pick(sensible);
  return one(dice, ODD_TEXTS);
}

function scalar(dice: Dice, type: ScalarType, name: string): unknown {
  switch (type) {
    case ScalarType.STRING:
      return text(dice, name);
    case ScalarType.BYTES:
      return Uint8Array.from({ length: dice.whole(0, 20) }, () => dice.whole(0, 255));
    case ScalarType.BOOL:
      return dice.chance(0.5);
    case ScalarType.DOUBLE:
    case ScalarType.FLOAT:
      // JSON has no word for some of them, which the writer says as text.
      return type === ScalarType.FLOAT
        ? Math.fround(one(dice, [0, 1, 0.5, NaN]))
        : one(dice, FLOATS);
    case ScalarType.INT64:
    case ScalarType.SINT64:
    case ScalarType.SFIXED64:
      return one(dice, LONG);
    case ScalarType.UINT64:
    case ScalarType.FIXED64:
      return one(
        dice,
        LONG.filter((value) => value >= 0n),
      );
    case ScalarType.FIXED32:
    case ScalarType.UINT32:
      return one(dice, [0, 1, 1_000, 4_294_967_295]);
    default:
      return dice.chance(0.7) ? dice.whole(0, 10) : one(dice, WHOLE);
  }
}

function enumValue(dice: Dice, { values }: DescEnum): number {
  const known = values[dice.whole(0, values.length - 1)]?.number ?? 0;
  return dice.chance(0.95) ? known : dice.whole(-5, 5_000);
}

/** A value of JSON, as options hold it. */
export function jsonValue(dice: Dice, depth = 0): unknown {
  const leaf = [null, true, 0, 1.5, "a", "", "é"] as const;
  if (depth > 3 || dice.chance(0.5)) return one<unknown>(dice, leaf);
  const inner = Array.from({ length: dice.whole(0, 3) }, () => jsonValue(dice, depth + 1));
  if (dice.chance(0.5)) return inner;
  return Object.fromEntries(
    inner.map((value, index) => [dice.pick(["a", "b", `k${index}`]), value]),
  );
}

function options(dice: Dice): unknown {
  const known = { tokens: dice.whole(0, 20), pace_ms: dice.whole(0, 3), text: "Hi" };
  const own = Object.entries(known).filter(() => dice.chance(0.5));
  if (dice.chance(0.2))
    own.push([dice.pick(["toString", "faults", "x"]), jsonValue(dice) as never]);
  return Object.fromEntries(own);
}

function special(dice: Dice, { typeName }: DescMessage, name: string): unknown {
  switch (typeName) {
    case "google.protobuf.Duration":
      return dice.chance(0.8)
        ? { seconds: BigInt(dice.whole(0, 20)), nanos: dice.whole(0, 999_999_999) }
        : { seconds: one(dice, LONG), nanos: one(dice, WHOLE) };
    case "google.protobuf.Timestamp":
      // A time that has passed, so that a period from then on has a meaning.
      if (dice.chance(0.7))
        return { seconds: BigInt(PAST_SECONDS + dice.whole(0, 86_400)), nanos: 0 };
      return { seconds: one(dice, LONG), nanos: dice.whole(-1, 999_999_999) };
    case "google.protobuf.Struct":
      return name === "provider_options" ? options(dice) : { a: jsonValue(dice) };
    default:
      return undefined;
  }
}

function message(dice: Dice, desc: DescMessage, name: string, at: Place): unknown {
  return special(dice, desc, name) ?? fill(dice, desc, { ...at, depth: at.depth + 1 });
}

function single(dice: Dice, field: DescField, at: Place): unknown {
  const { name } = field;
  if (field.message !== undefined) return message(dice, field.message, name, at);
  if (field.enum !== undefined) return enumValue(dice, field.enum);
  return scalar(dice, field.scalar ?? ScalarType.STRING, name);
}

function randomValue(dice: Dice, field: DescField, at: Place): unknown {
  const count = dice.chance(0.9) ? dice.whole(0, 3) : dice.whole(0, 40);
  if (field.fieldKind === "list") {
    return Array.from({ length: count }, () => single(dice, field, at));
  }
  if (field.fieldKind === "map") {
    const keys = ["simulator", "anthropic", "team", "x-y", "constructor", ""] as const;
    const entries = Array.from({ length: Math.min(3, count) }, () => {
      const key = field.mapKey === ScalarType.STRING ? dice.pick([...keys]) : dice.whole(0, 9);
      return [key, single(dice, field, at)];
    });
    return Object.fromEntries(entries);
  }
  return single(dice, field, at);
}

function fill(dice: Dice, desc: DescMessage, at: Place): Message {
  const fields: Record<string, unknown> = {};
  if (at.depth > MAX_DEPTH) return create(desc);
  for (const field of desc.fields) {
    const share = NEEDED.has(field.name) ? 0.95 : at.share;
    if (field.oneof !== undefined || !dice.chance(share)) continue;
    fields[field.localName] = randomValue(dice, field, at);
  }
  for (const { localName, fields: arms } of desc.oneofs) {
    const arm = arms[dice.whole(0, arms.length - 1)];
    if (arm === undefined || dice.chance(0.1)) continue;
    fields[localName] = { case: arm.localName, value: randomValue(dice, arm, at) };
  }
  return create(desc, fields as never);
}

/** Any message of the type. */
export function randomMessage(dice: Dice, desc: DescMessage): Message {
  return fill(dice, desc, { share: one(dice, SHARES), depth: 0 });
}
