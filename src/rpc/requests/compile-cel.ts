// Reads and compiles the part of CEL that rules of messages use: presence, comparisons and logic of the message's own
// fields. The library's parser is large, and nothing else at the start needs it.
import { type DescField, type DescMessage, ScalarType } from "@bufbuild/protobuf";
import { type Duration, DurationSchema } from "@bufbuild/protobuf/wkt";
import { hasPresence, type MessageFields, readField } from "./field-values.ts";
import { type Check, compareDurations, UnknownRule } from "./value-rules.ts";

type Value = boolean | number | string | Duration;

/** A part of an expression: its type, and its value for a message. */
interface Part {
  readonly type: "bool" | "int" | "string" | "duration";
  readonly of: (message: MessageFields) => Value;
}

const NO_TIME = { seconds: 0n, nanos: 0 } as Duration;

/** A name, a number, a text without escapes, an operator, or any other character, after spaces. */
const TOKEN = /\s*([A-Za-z_]\w*|\d+|'[^'\\]*'|"[^"\\]*"|\|\||&&|[=!<>]=|\S)/gy;

/** The operators of an order, by the sign of left beside right. */
const ORDERS: Readonly<Record<string, (order: number) => boolean>> = {
  "<": (order) => order < 0,
  "<=": (order) => order <= 0,
  ">": (order) => order > 0,
  ">=": (order) => order >= 0,
};

function unknown(what: string): never {
  throw new UnknownRule(`CEL: ${what}`);
}

/** CEL reads the zero value of a field that is not set. */
function zeroed(type: Part["type"], read: ReturnType<typeof readField>, zero: Value): Part {
  return { type, of: (message) => (read(message) as Value | undefined) ?? zero };
}

function compileField(field: DescField): Part {
  const read = readField(field);
  if (field.fieldKind === "message" && field.message.typeName === DurationSchema.typeName) {
    return zeroed("duration", read, NO_TIME);
  }
  if (field.fieldKind === "enum") return zeroed("int", read, 0);
  if (field.fieldKind !== "scalar") unknown(field.name);
  switch (field.scalar) {
    case ScalarType.STRING:
      return zeroed("string", read, "");
    case ScalarType.BOOL:
      return zeroed("bool", read, false);
    default:
      return unknown(field.name);
  }
}

function conditionOf({ type, of }: Part): Check<MessageFields> {
  if (type !== "bool") unknown(`${type} in place of a condition`);
  return of as Check<MessageFields>;
}

function compare(operator: string, left: Part, right: Part): Check<MessageFields> {
  const [one, other] = [left.of, right.of];
  if (left.type !== right.type) unknown(`${left.type} beside ${right.type}`);
  if (left.type === "duration") {
    const isInOrder = ORDERS[operator] ?? unknown(`${operator} of durations`);
    return (message) =>
      isInOrder(compareDurations(one(message) as Duration, other(message) as Duration));
  }
  if (operator === "==") return (message) => one(message) === other(message);
  if (operator === "!=") return (message) => one(message) !== other(message);
  const isInOrder = ORDERS[operator] ?? unknown(operator);
  if (left.type !== "int") unknown(`${operator} of ${left.type}`);
  return (message) => isInOrder((one(message) as number) - (other(message) as number));
}

/** A condition of `this`, a message of the type. Each method reads what binds stronger than the one before. */
class CelCompiler {
  readonly #desc: DescMessage;
  readonly #tokens: readonly string[];
  #next = 0;

  constructor(desc: DescMessage, expression: string) {
    this.#desc = desc;
    this.#tokens = Array.from(expression.matchAll(TOKEN), ([, token = ""]) => token);
  }

  whole(): Check<MessageFields> {
    const condition = conditionOf(this.#or());
    if (this.#token !== undefined) unknown(`${this.#token} at the end`);
    return condition;
  }

  get #token(): string | undefined {
    return this.#tokens[this.#next];
  }

  /** Whether the next token is this one, which is then read. */
  #reads(token: string): boolean {
    if (this.#token !== token) return false;
    this.#next += 1;
    return true;
  }

  #expect(...tokens: readonly string[]): void {
    for (const token of tokens) {
      if (!this.#reads(token)) unknown(`${this.#token ?? "the end"} in place of ${token}`);
    }
  }

  #or(): Part {
    const first = this.#and();
    if (!this.#reads("||")) return first;
    const [one, other] = [conditionOf(first), conditionOf(this.#or())];
    return { type: "bool", of: (message) => one(message) || other(message) };
  }

  #and(): Part {
    const first = this.#comparison();
    if (!this.#reads("&&")) return first;
    const [one, other] = [conditionOf(first), conditionOf(this.#and())];
    return { type: "bool", of: (message) => one(message) && other(message) };
  }

  #comparison(): Part {
    const left = this.#not();
    if (this.#reads("in")) return this.#isListed(left);
    const operator = this.#token ?? "";
    if (operator !== "==" && operator !== "!=" && !Object.hasOwn(ORDERS, operator)) return left;
    this.#next += 1;
    return { type: "bool", of: compare(operator, left, this.#not()) };
  }

  #isListed({ type, of }: Part): Part {
    this.#expect("[");
    const choices = new Set<Value>();
    do {
      const choice = this.#constant() ?? unknown("a list of more than constants");
      if (choice.type !== type) unknown("a list of other types");
      choices.add(choice.value);
    } while (this.#reads(","));
    this.#expect("]");
    return { type: "bool", of: (message) => choices.has(of(message)) };
  }

  #not(): Part {
    if (!this.#reads("!")) return this.#single();
    const of = conditionOf(this.#not());
    return { type: "bool", of: (message) => !of(message) };
  }

  #single(): Part {
    if (this.#reads("(")) {
      const inner = this.#or();
      this.#expect(")");
      return inner;
    }
    if (this.#reads("has")) return this.#has();
    if (this.#reads("size")) return this.#size();
    const constant = this.#constant();
    if (constant === undefined) return compileField(this.#field());
    const { type, value } = constant;
    return { type, of: () => value };
  }

  #has(): Part {
    this.#expect("(");
    const field = this.#field();
    this.#expect(")");
    if (!hasPresence(field)) unknown(`has() of ${field.name}`);
    const read = readField(field);
    return { type: "bool", of: (message) => read(message) !== undefined };
  }

  #size(): Part {
    this.#expect("(");
    const field = this.#field();
    this.#expect(")");
    if (field.fieldKind !== "list") unknown(`the size of ${field.name}`);
    const read = readField(field);
    return { type: "int", of: (message) => (read(message) as readonly unknown[]).length };
  }

  /** Undefined: the next token is no constant. */
  #constant(): { readonly type: "int" | "string"; readonly value: number | string } | undefined {
    const token = this.#token ?? unknown("an end too early");
    const isText = token.length > 1 && /^['"]/.test(token);
    if (!isText && !/^\d/.test(token)) return undefined;
    this.#next += 1;
    if (isText) return { type: "string", value: token.slice(1, -1) };
    return { type: "int", value: Number(token) };
  }

  #field(): DescField {
    this.#expect("this", ".");
    const name = this.#token ?? unknown("an end too early");
    this.#next += 1;
    return this.#desc.fields.find((one) => one.name === name) ?? unknown(`the field ${name}`);
  }
}

/** The check of a condition in CEL about `this`, a message of the type. Throws `UnknownRule` for anything else. */
export function compileCel(expression: string, desc: DescMessage): Check<MessageFields> {
  return new CelCompiler(desc, expression).whole();
}
