import {
  type DescField,
  type DescMessage,
  type DescOneof,
  getOption,
  hasOption,
  ScalarType,
} from "@bufbuild/protobuf";
import { DurationSchema, Edition } from "@bufbuild/protobuf/wkt";
import {
  type FieldRules,
  Ignore,
  message as messageRulesOf,
  oneof as oneofRulesOf,
  type Rule,
} from "@bufbuild/protovalidate/gen/buf/validate/validate_pb.js";
import type { Breaches } from "./breaches.ts";
import { compileCel } from "./compile-cel.ts";
import { fieldRules, NO_FIELD_RULES } from "./field-rules.ts";
import { type Choice, hasPresence, type MessageFields } from "./field-values.ts";
import {
  type Check,
  type Compilers,
  compileDuration,
  compileEnum,
  compileRules,
  compileScalar,
  setRules,
  type TypeRules,
  UnknownRule,
  type ValueRules,
} from "./value-rules.ts";

type List = readonly unknown[];
/** A map of the contract as protobuf-es keeps it. */
type Entries = Readonly<Record<string, unknown>>;

const LIST: Compilers<List> = {
  minItems: (least: bigint) => ({
    obeys: (list) => list.length >= Number(least),
    breach: `must contain at least ${least} item(s)`,
  }),
  maxItems: (most: bigint) => ({
    obeys: (list) => list.length <= Number(most),
    breach: `must contain no more than ${most} item(s)`,
  }),
  unique: (isOn: boolean) => ({
    obeys: (list) => !isOn || new Set(list).size === list.length,
    breach: "repeated value must contain unique items",
  }),
};

const MAP: Compilers<List> = {
  minPairs: (least: bigint) => ({
    obeys: (keys) => keys.length >= Number(least),
    breach: `map must be at least ${least} entries`,
  }),
  maxPairs: (most: bigint) => ({
    obeys: (keys) => keys.length <= Number(most),
    breach: `map must be at most ${most} entries`,
  }),
};

const REQUIRED = "value is required";
const NO_RULES: TypeRules = { case: undefined };
const FREE: ValueRules<unknown> = { obeys: () => true, find: () => {} };

/** The rules of a value by its type. Throws `UnknownRule` for rules other than these and `others`. */
function typeRules(rules: FieldRules | undefined, ...others: readonly string[]): TypeRules {
  if (rules === undefined || rules === NO_FIELD_RULES) return NO_RULES;
  for (const name of Object.keys(setRules(rules))) {
    if (name !== rules.type.case && !others.includes(name)) throw new UnknownRule(name);
  }
  return rules.type;
}

const pathOf = (path: string, name: string): string => (path === "" ? name : `${path}.${name}`);

/** A condition of a type about several of its fields. */
function conditionOf(
  desc: DescMessage,
  { expression, message: breach }: Rule,
): ValueRules<MessageFields> {
  if (breach === "") throw new UnknownRule(`${expression} without a message`);
  const obeys = compileCel(expression, desc);
  return {
    obeys,
    find(message, path, breaches) {
      if (!obeys(message)) breaches.add(path, breach);
    },
  };
}

function conditionsOf(desc: DescMessage): readonly ValueRules<MessageFields>[] {
  if (!hasOption(desc, messageRulesOf)) return [];
  const rules = getOption(desc, messageRulesOf);
  for (const name of Object.keys(setRules(rules))) if (name !== "cel") throw new UnknownRule(name);
  return rules.cel.map((rule) => conditionOf(desc, rule));
}

function requiredOneof({ localName: holder, name }: DescOneof): ValueRules<MessageFields> {
  const obeys = ({ [holder]: choice }: MessageFields) => (choice as Choice).case !== undefined;
  return {
    obeys,
    find(message, path, breaches) {
      if (obeys(message)) return;
      breaches.add(pathOf(path, name), "exactly one field is required in oneof");
    },
  };
}

/** Elements of a list after the list's own rules. */
function listRules(own: ValueRules<List>, element: ValueRules<unknown>): ValueRules<List> {
  return {
    obeys(list) {
      if (!own.obeys(list)) return false;
      for (const value of list) if (!element.obeys(value)) return false;
      return true;
    },
    find(list, path, breaches) {
      own.find(list, path, breaches);
      for (let index = 0; index < list.length && !breaches.isFull; index++) {
        element.find(list[index], `${path}[${index}]`, breaches);
      }
    },
  };
}

/** Keys and values of a map after the map's own rules. */
function mapRules(
  own: ValueRules<List>,
  key: ValueRules<string>,
  single: ValueRules<unknown>,
): ValueRules<Entries> {
  return {
    obeys(entries) {
      const names = Object.keys(entries);
      if (!own.obeys(names)) return false;
      return names.every((name) => key.obeys(name) && single.obeys(entries[name]));
    },
    find(entries, path, breaches) {
      const names = Object.keys(entries);
      own.find(names, path, breaches);
      for (const name of names) {
        if (breaches.isFull) return;
        const at = `${path}[${JSON.stringify(name)}]`;
        key.find(name, at, breaches);
        single.find(entries[name], at, breaches);
      }
    },
  };
}

/**
 * Compiles the rules of the contract, so that requests are checked without reflection and without CEL. The words are
 * those of protovalidate, whose library would need a tenth of a second of the event loop for the first of them.
 */
export class CompiledRules {
  /** Undefined: every message of the type obeys. */
  readonly #rules = new Map<DescMessage, ValueRules<MessageFields> | undefined>();

  /** The rules of a type. Throws `UnknownRule` for a rule that cannot be compiled. */
  of(schema: DescMessage): ValueRules<MessageFields> {
    return this.#message(schema) ?? FREE;
  }

  #message(desc: DescMessage): ValueRules<MessageFields> | undefined {
    if (this.#rules.has(desc)) return this.#rules.get(desc);
    // These have no rules, and protobuf-es keeps some of them as other values.
    if (desc.file.proto.package === "google.protobuf") return;
    if (desc.file.edition !== Edition.EDITION_PROTO3) throw new UnknownRule(desc.typeName);
    const parts: ValueRules<MessageFields>[] = [];
    let checks: readonly Check<MessageFields>[] = [];
    const rules: ValueRules<MessageFields> = {
      obeys(message) {
        for (const obeys of checks) if (!obeys(message)) return false;
        return true;
      },
      find(message, path, breaches) {
        for (const part of parts) if (!breaches.isFull) part.find(message, path, breaches);
      },
    };
    // A type can contain itself, so the rules are known before their parts.
    this.#rules.set(desc, rules);
    for (const member of desc.members) {
      const part = member.kind === "oneof" ? this.#oneof(member) : this.#field(member);
      if (part !== undefined) parts.push(part);
    }
    parts.push(...conditionsOf(desc));
    const required = desc.oneofs.filter((oneof) => getOption(oneof, oneofRulesOf).required);
    parts.push(...required.map(requiredOneof));
    checks = parts.map(({ obeys }) => obeys);
    if (parts.length > 0) return rules;
    this.#rules.set(desc, undefined);
    return;
  }

  /** The rules of the field that is set. */
  #oneof({ localName: holder, fields }: DescOneof): ValueRules<MessageFields> | undefined {
    const rules = new Map<string | undefined, { name: string; value: ValueRules<unknown> }>();
    for (const field of fields) {
      const value = this.#value(field, fieldRules(field));
      if (value !== undefined) rules.set(field.localName, { name: field.name, value });
    }
    if (rules.size === 0) return;
    return {
      obeys(message) {
        const { case: chosen, value } = message[holder] as Choice;
        return rules.get(chosen)?.value.obeys(value) ?? true;
      },
      find(message, path, breaches) {
        const { case: chosen, value } = message[holder] as Choice;
        const of = rules.get(chosen);
        of?.value.find(value, pathOf(path, of.name), breaches);
      },
    };
  }

  #field(field: DescField): ValueRules<MessageFields> | undefined {
    const rules = fieldRules(field);
    const { required, ignore } = rules;
    const value = this.#value(field, rules, "required", "ignore");
    if (value === undefined && !required) return;
    const { localName, name } = field;
    const { obeys, find } = value ?? FREE;
    const findIn = (message: MessageFields, path: string, breaches: Breaches): void =>
      find(message[localName], pathOf(path, name), breaches);
    if (hasPresence(field)) {
      return {
        obeys: ({ [localName]: set }) => (set === undefined ? !required : obeys(set)),
        find(message, path, breaches) {
          if (message[localName] !== undefined) findIn(message, path, breaches);
          else if (required) breaches.add(pathOf(path, name), REQUIRED);
        },
      };
    }
    if (required) throw new UnknownRule(`required ${field.name}`);
    if (ignore === Ignore.UNSPECIFIED) {
      return { obeys: (message) => obeys(message[localName]), find: findIn };
    }
    if (field.fieldKind !== "scalar" || field.scalar !== ScalarType.STRING) {
      throw new UnknownRule(`ignore of ${field.name}`);
    }
    return {
      obeys: ({ [localName]: text }) => text === "" || obeys(text),
      find(message, path, breaches) {
        if (message[localName] !== "") findIn(message, path, breaches);
      },
    };
  }

  /** The rules of a field that is set; undefined: every value obeys. `others`: rules that the caller compiles. */
  #value(
    field: DescField,
    rules: FieldRules,
    ...others: readonly string[]
  ): ValueRules<unknown> | undefined {
    if (rules.ignore === Ignore.ALWAYS) throw new UnknownRule(`ignore of ${field.name}`);
    const type = typeRules(rules, ...others);
    const compiled = this.#byKind(field, type);
    // The kind of the field says of which type its values are.
    return compiled as ValueRules<unknown> | undefined;
  }

  #byKind(field: DescField, type: TypeRules): ValueRules | undefined {
    switch (field.fieldKind) {
      case "list":
        return this.#list(field, type);
      case "map":
        return this.#map(field, type);
      default:
        return this.#single(field, type);
    }
  }

  /** The rules of a single value, of an element or of an entry's value. */
  #single(field: DescField, type: TypeRules): ValueRules | undefined {
    if (field.enum !== undefined) return compileEnum(type, field.enum);
    if (field.message === undefined) return compileScalar(type);
    if (field.message.typeName === DurationSchema.typeName) return compileDuration(type);
    if (type.case !== undefined) throw new UnknownRule(type.case);
    return this.#message(field.message);
  }

  #list(field: DescField, type: TypeRules): ValueRules<List> | undefined {
    if (type.case !== undefined && type.case !== "repeated") throw new UnknownRule(type.case);
    const { items: _, ...bounds } = type.case === undefined ? {} : setRules(type.value);
    const element = this.#single(field, typeRules(type.value?.items));
    if (type.case === undefined && element === undefined) return;
    const own = compileRules(bounds, LIST);
    return element === undefined ? own : listRules(own, element as ValueRules<unknown>);
  }

  #map(field: DescField & { fieldKind: "map" }, type: TypeRules): ValueRules<Entries> | undefined {
    if (type.case !== undefined && type.case !== "map") throw new UnknownRule(type.case);
    if (field.mapKey !== ScalarType.STRING) throw new UnknownRule(`keys of ${field.name}`);
    const { keys: _, values: __, ...bounds } = type.case === undefined ? {} : setRules(type.value);
    const key = compileScalar(typeRules(type.value?.keys)) as ValueRules<string> | undefined;
    const single = this.#single(field, typeRules(type.value?.values)) as
      | ValueRules<unknown>
      | undefined;
    if (type.case === undefined && single === undefined) return;
    return mapRules(compileRules(bounds, MAP), key ?? FREE, single ?? FREE);
  }
}
