// Compiles the part of CEL that rules of messages use: presence, comparisons and logic of the message's own fields.
import { parse } from "@bufbuild/cel";
import { type DescField, type DescMessage, ScalarType } from "@bufbuild/protobuf";
import { type Duration, DurationSchema } from "@bufbuild/protobuf/wkt";
import { hasPresence, type MessageFields, readField } from "./field-values.ts";
import { type Check, compareDurations, UnknownRule } from "./value-rules.ts";

type Expression = NonNullable<ReturnType<typeof parse>["expr"]>;
type Value = boolean | number | string | Duration;

/** A part of an expression: its type, and its value for a message. */
interface Part {
  readonly type: "bool" | "int" | "string" | "duration";
  readonly of: (message: MessageFields) => Value;
}

const NO_TIME = { seconds: 0n, nanos: 0 } as Duration;

/** The operators of an order, by the sign of left beside right. */
const ORDERS: Readonly<Record<string, (order: number) => boolean>> = {
  "_<_": (order) => order < 0,
  "_<=_": (order) => order <= 0,
  "_>_": (order) => order > 0,
  "_>=_": (order) => order >= 0,
};

function unknown(what: string): never {
  throw new UnknownRule(`CEL: ${what}`);
}

function compileConstant({
  case: type,
  value,
}: {
  case: string | undefined;
  value?: unknown;
}): Part {
  if (type === "stringValue") return { type: "string", of: () => value as string };
  if (type !== "int64Value") unknown(`a constant of ${type}`);
  const number = Number(value);
  return { type: "int", of: () => number };
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

/** A condition of `this`, a message of the type. Throws `UnknownRule` for anything else. */
class CelCompiler {
  readonly #desc: DescMessage;

  constructor(desc: DescMessage) {
    this.#desc = desc;
  }

  condition(expression: Expression | undefined): Check<MessageFields> {
    const { type, of } = this.#part(expression);
    if (type !== "bool") unknown(`${type} in place of a condition`);
    return of as Check<MessageFields>;
  }

  #part(expression: Expression | undefined): Part {
    const kind = expression?.exprKind;
    switch (kind?.case) {
      case "constExpr":
        return compileConstant(kind.value.constantKind);
      case "selectExpr": {
        const field = this.#fieldOf(expression);
        if (!kind.value.testOnly) return compileField(field);
        const read = readField(field);
        if (!hasPresence(field)) unknown(`has() of ${field.name}`);
        return { type: "bool", of: (message) => read(message) !== undefined };
      }
      case "callExpr":
        return this.#call(kind.value.function, kind.value.args);
      default:
        return unknown(String(kind?.case));
    }
  }

  #fieldOf(expression: Expression | undefined): DescField {
    const select = expression?.exprKind;
    if (select?.case !== "selectExpr") return unknown("no field");
    const { operand, field: name } = select.value;
    const isOwn = operand?.exprKind.case === "identExpr" && operand.exprKind.value.name === "this";
    const field = this.#desc.fields.find((one) => one.name === name);
    return isOwn && field !== undefined ? field : unknown(`the field ${name}`);
  }

  #call(name: string, [left, right]: readonly Expression[]): Part {
    switch (name) {
      case "!_": {
        const of = this.condition(left);
        return { type: "bool", of: (message) => !of(message) };
      }
      case "_||_": {
        const [one, other] = [this.condition(left), this.condition(right)];
        return { type: "bool", of: (message) => one(message) || other(message) };
      }
      case "_&&_": {
        const [one, other] = [this.condition(left), this.condition(right)];
        return { type: "bool", of: (message) => one(message) && other(message) };
      }
      case "size":
        return this.#size(left);
      case "@in":
        return this.#isListed(left, right);
      default:
        return { type: "bool", of: this.#comparison(name, this.#part(left), this.#part(right)) };
    }
  }

  #size(list: Expression | undefined): Part {
    const field = this.#fieldOf(list);
    if (field.fieldKind !== "list") unknown(`the size of ${field.name}`);
    const read = readField(field);
    return { type: "int", of: (message) => (read(message) as readonly unknown[]).length };
  }

  #isListed(value: Expression | undefined, list: Expression | undefined): Part {
    const { type, of } = this.#part(value);
    if (list?.exprKind.case !== "listExpr") return unknown("a list");
    const choices = list.exprKind.value.elements.map((element) => {
      const { exprKind } = element;
      if (exprKind.case !== "constExpr") return unknown("a list of more than constants");
      return compileConstant(exprKind.value.constantKind);
    });
    if (choices.some((choice) => choice.type !== type)) unknown("a list of other types");
    return {
      type: "bool",
      of: (message) => {
        const one = of(message);
        return choices.some((choice) => choice.of(message) === one);
      },
    };
  }

  #comparison(name: string, left: Part, right: Part): Check<MessageFields> {
    const [one, other] = [left.of, right.of];
    if (left.type !== right.type) unknown(`${left.type} beside ${right.type}`);
    if (left.type === "duration") {
      const compare = ORDERS[name] ?? unknown(`${name} of durations`);
      return (message) =>
        compare(compareDurations(one(message) as Duration, other(message) as Duration));
    }
    if (name === "_==_") return (message) => one(message) === other(message);
    if (name === "_!=_") return (message) => one(message) !== other(message);
    if (left.type !== "int") unknown(`${name} of ${left.type}`);
    const compare = ORDERS[name] ?? unknown(name);
    return (message) => compare((one(message) as number) - (other(message) as number));
  }
}

/** The check of a condition in CEL about `this`, a message of the type. Throws `UnknownRule`. */
export function compileCel(expression: string, desc: DescMessage): Check<MessageFields> {
  return new CelCompiler(desc).condition(parse(expression).expr);
}
