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
} from "@bufbuild/protovalidate/gen/buf/validate/validate_pb.js";
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
} from "./value-rules.ts";

type List = readonly unknown[];
/** A map of the contract as protobuf-es keeps it. */
type Entries = Readonly<Record<string, unknown>>;

const LIST: Compilers<List> = {
  minItems: (least: bigint) => (list) => list.length >= Number(least),
  maxItems: (most: bigint) => (list) => list.length <= Number(most),
  unique: (isOn: boolean) => (list) => !isOn || new Set(list).size === list.length,
};

const MAP: Compilers<List> = {
  minPairs: (least: bigint) => (keys) => keys.length >= Number(least),
  maxPairs: (most: bigint) => (keys) => keys.length <= Number(most),
};

const ALWAYS = () => true;
const NO_RULES: TypeRules = { case: undefined };

/** The rules of a value by its type. Throws `UnknownRule` for rules other than these and `others`. */
function typeRules(rules: FieldRules | undefined, ...others: readonly string[]): TypeRules {
  if (rules === undefined || rules === NO_FIELD_RULES) return NO_RULES;
  for (const name of Object.keys(setRules(rules))) {
    if (name !== rules.type.case && !others.includes(name)) throw new UnknownRule(name);
  }
  return rules.type;
}

/** The conditions of a type about several of its fields. */
function conditionsOf(desc: DescMessage): readonly Check<MessageFields>[] {
  if (!hasOption(desc, messageRulesOf)) return [];
  const rules = getOption(desc, messageRulesOf);
  for (const name of Object.keys(setRules(rules))) if (name !== "cel") throw new UnknownRule(name);
  return rules.cel.map(({ expression }) => compileCel(expression, desc));
}

/**
 * Compiles the rules of the contract to checks that run without reflection and without CEL. A check that is true
 * proves that the library finds no violation. After any other result, the library decides and words the error.
 */
export class CompiledRules {
  /** Undefined: every message of the type obeys. */
  readonly #checks = new Map<DescMessage, Check<MessageFields> | undefined>();

  /** The check of a type. Throws `UnknownRule` for a rule that has no compiled check. */
  of(schema: DescMessage): Check<MessageFields> {
    return this.#message(schema) ?? ALWAYS;
  }

  #message(desc: DescMessage): Check<MessageFields> | undefined {
    if (this.#checks.has(desc)) return this.#checks.get(desc);
    // These have no rules, and protobuf-es keeps some of them as other values.
    if (desc.file.proto.package === "google.protobuf") return;
    if (desc.file.edition !== Edition.EDITION_PROTO3) throw new UnknownRule(desc.typeName);
    const parts: Check<MessageFields>[] = [];
    const check: Check<MessageFields> = (message) => {
      for (const part of parts) if (!part(message)) return false;
      return true;
    };
    // A type can contain itself, so the check is known before its parts.
    this.#checks.set(desc, check);
    for (const member of desc.members) {
      const part = member.kind === "oneof" ? this.#oneof(member) : this.#field(member);
      if (part !== undefined) parts.push(part);
    }
    parts.push(...conditionsOf(desc));
    if (parts.length > 0) return check;
    this.#checks.set(desc, undefined);
    return;
  }

  #oneof(oneof: DescOneof): Check<MessageFields> | undefined {
    const { localName: holder, fields } = oneof;
    const { required } = getOption(oneof, oneofRulesOf);
    const checks = new Map(
      fields.map((field) => [field.localName, this.#value(field, fieldRules(field))]),
    );
    if (!required && [...checks.values()].every((check) => check === undefined)) return;
    return (message) => {
      const { case: name, value } = message[holder] as Choice;
      if (name === undefined) return !required;
      return checks.get(name)?.(value as never) ?? true;
    };
  }

  #field(field: DescField): Check<MessageFields> | undefined {
    const rules = fieldRules(field);
    const { required, ignore } = rules;
    const check = this.#value(field, rules, "required", "ignore");
    if (check === undefined && !required) return;
    const { localName } = field;
    const obeys: Check<unknown> = (value) => check?.(value as never) ?? true;
    if (hasPresence(field)) {
      return ({ [localName]: value }) => (value === undefined ? !required : obeys(value));
    }
    if (required) throw new UnknownRule(`required ${field.name}`);
    if (ignore === Ignore.UNSPECIFIED) return (message) => obeys(message[localName]);
    if (field.fieldKind !== "scalar" || field.scalar !== ScalarType.STRING) {
      throw new UnknownRule(`ignore of ${field.name}`);
    }
    return ({ [localName]: text }) => text === "" || obeys(text);
  }

  /** The check of a field that is set; undefined: every value obeys. `others`: rules that the caller compiles. */
  #value(field: DescField, rules: FieldRules, ...others: readonly string[]): Check | undefined {
    if (rules.ignore === Ignore.ALWAYS) throw new UnknownRule(`ignore of ${field.name}`);
    const type = typeRules(rules, ...others);
    switch (field.fieldKind) {
      case "list":
        return this.#list(field, type);
      case "map":
        return this.#map(field, type);
      default:
        return this.#single(field, type);
    }
  }

  /** The check of a single value, of an element or of an entry's value. */
  #single(field: DescField, type: TypeRules): Check | undefined {
    if (field.enum !== undefined) return compileEnum(type, field.enum);
    if (field.message === undefined) return compileScalar(type);
    if (field.message.typeName === DurationSchema.typeName) return compileDuration(type);
    if (type.case !== undefined) throw new UnknownRule(type.case);
    return this.#message(field.message);
  }

  #list(field: DescField, type: TypeRules): Check<List> | undefined {
    if (type.case !== undefined && type.case !== "repeated") throw new UnknownRule(type.case);
    const { items: _, ...bounds } = type.case === undefined ? {} : setRules(type.value);
    const element = this.#single(field, typeRules(type.value?.items));
    if (type.case === undefined && element === undefined) return;
    const isBounded = compileRules(bounds, LIST);
    if (element === undefined) return isBounded;
    return (list) => {
      if (!isBounded(list)) return false;
      for (const value of list) if (!element(value as never)) return false;
      return true;
    };
  }

  #map(field: DescField & { fieldKind: "map" }, type: TypeRules): Check<Entries> | undefined {
    if (type.case !== undefined && type.case !== "map") throw new UnknownRule(type.case);
    if (field.mapKey !== ScalarType.STRING) throw new UnknownRule(`keys of ${field.name}`);
    const { keys: _, values: __, ...bounds } = type.case === undefined ? {} : setRules(type.value);
    const key = compileScalar(typeRules(type.value?.keys)) as Check<string> | undefined;
    const single = this.#single(field, typeRules(type.value?.values));
    if (type.case === undefined && single === undefined) return;
    const isBounded = compileRules(bounds, MAP);
    return (entries) => {
      const names = Object.keys(entries);
      if (!isBounded(names)) return false;
      return names.every(
        (name) => (key?.(name) ?? true) && (single?.(entries[name] as never) ?? true),
      );
    };
  }
}
